import { KeptMap, mapGet, mapHas, mapSet, slice } from './kept.ts';

/** Shortest phrase that counts at the end of any word, `password` in `kioskpassword`; shorter ones end words by chance. */
const minLongChars = 7;
const minPhraseChars = 2;
const minWordChars = 4;
/** Longer words are judged by their end. */
const maxWordChars = 48;
/** Phrases that are shorter and still end hardly any other word. */
const distinctive = setOf('token secret passwd pwd cookie email phone apikey creds csrf xsrf jwt totp cvv');
/** The words they do end. */
const unrelated = setOf(
  'microphone megaphone xylophone gramophone dictaphone vibraphone saxophone homophone allophone smartphone ' +
    'earphone headphone softphone cyberphone winphone metaphone iphone voicemail betoken oldpwd initpwd getpwd',
);
/** Phrases that are also the beginning or end of other short forms: `sig` of `sigusr`. */
const onlyAlone = setOf('sig');
/** What stands before a phrase in names that are written together: `user` in `userpass`. */
const heads = setOf(
  'user usr my own new old cur current prev previous next temp tmp test dev prod stage staging live sandbox default main master root ' +
    'admin adm sys system sudo super service svc app application web site api auth oauth access refresh id bearer client server host remote ' +
    'local login signin signup logon account acct acc member customer guest person mail email smtp imap ftp sftp ssh vpn wifi wlan wpa ldap ' +
    'radius sso saml db database sql mysql mssql pgsql pg postgres postgresql maria mariadb mongo mongodb redis oracle sqlite rabbit rabbitmq ' +
    'amqp mqtt kafka elastic cassandra influx jira git github gitlab npm docker registry aws gcp azure cloud bucket card bank debit credit atm ' +
    'sim device phone mobile cell sms mfa totp tfa reset recovery backup session cookie csrf xsrf jwt proxy basic digest hub bot webhook hook ' +
    'fcm slack discord telegram twilio stripe paypal payment checkout shop store merchant wallet home work office contact primary billing ' +
    'shipping plain raw hash hashed enc encrypted confirm repeat retype verify',
);
/** What stands behind one: `code` in `otpcode`. */
const tails = setOf(
  'code value val text txt str string plain raw hash hashed enc encrypted crypt confirm confirmation again repeat retype verify number new old',
);

/** Phrases without their blanks. */
export interface Phrases {
  /** Phrase → rule. */
  rules: Map<string, string>;
  /** The first two letters of each. */
  starts: Map<string, true>;
  /** Letters of the longest. */
  longest: number;
}

/** Adds a phrase, unless it is there. */
export function addPhrase(phrases: Phrases, joined: string, rule: string): void {
  if (joined === '' || mapHas(phrases.rules, joined)) return;
  mapSet(phrases.rules, joined, rule);
  mapSet(phrases.starts, slice(joined, 0, minPhraseChars), true);
  if (joined.length > phrases.longest) phrases.longest = joined.length;
}

function setOf(words: string): Map<string, true> {
  const set = new KeptMap<string, true>();
  for (const word of words.split(' ')) mapSet(set, word, true);
  return set;
}

/**
 * The rule of a phrase in a word that is written together, as in `accesstoken`, `dbpass` and `otpcode`; undefined when it is another word
 * (`compass`, `microphone`), or when what stands around the phrase makes it harmless.
 */
export function ruleTogether(
  whole: string,
  phrases: Phrases,
  isHarmless: (head: string, tail: string) => boolean,
): string | undefined {
  const word = whole.length > maxWordChars ? slice(whole, -maxWordChars) : whole;
  const end = word[word.length - 1] === 's' ? word.length - 1 : word.length;
  if (word.length < minWordChars || mapHas(unrelated, slice(word, 0, end))) return undefined;
  for (let from = 0; from <= word.length - minPhraseChars; from++) {
    if (from === 1 && word.length <= minLongChars) continue;
    if (!mapHas(phrases.starts, slice(word, from, from + minPhraseChars))) continue;
    const last = word.length < from + phrases.longest ? word.length : from + phrases.longest;
    for (let to = last; to >= from + minPhraseChars; to--) {
      const rule = mapGet(phrases.rules, slice(word, from, to));
      if (rule === undefined) continue;
      const head = slice(word, 0, from);
      const tail = to === end ? '' : slice(word, to);
      if (belongs(head, slice(word, from, to), tail) && !isHarmless(head, tail)) return rule;
    }
  }
  return undefined;
}

function belongs(head: string, phrase: string, tail: string): boolean {
  if (mapHas(onlyAlone, phrase) || (tail !== '' && !isRowOf(tails, tail))) return false;
  if (phrase.length >= minLongChars || mapHas(distinctive, phrase)) return head.length !== 1 || phrase.length >= minLongChars;
  return head === '' || isRowOf(heads, head);
}

/** Whether the letters are some of the words in a row. */
function isRowOf(words: Map<string, true>, letters: string): boolean {
  for (let to = letters.length; to >= minPhraseChars; to--)
    if (mapHas(words, slice(letters, 0, to)) && (to === letters.length || isRowOf(words, slice(letters, to)))) return true;
  return false;
}
