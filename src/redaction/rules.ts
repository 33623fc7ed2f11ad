/** One thing that is hidden: what it is, which names give it away, and how its marker looks. */
export interface Rule {
  /** Secrets are a floor that no policy lowers; personal data is hidden by profile. */
  kind: 'secret' | 'personal';
  /** Whether equal values get equal tags. Not where all values can be tried in an afternoon. */
  tag: boolean;
  /** The first profile that hides it: `debug` (so `strict` too) or only `strict`. */
  from: 'debug' | 'strict';
  meaning: string;
  /** Phrases of words in names of fields, variables, headers and parameters. */
  names: readonly string[];
}

const phrases = (list: string): string[] => (list === '' ? [] : list.split(', '));

const secret = (meaning: string, names = '', tag = true): Rule => ({
  kind: 'secret',
  tag,
  from: 'debug',
  meaning,
  names: phrases(names),
});
const personal = (meaning: string, names = '', tag = true): Rule => ({
  kind: 'personal',
  tag,
  from: 'debug',
  meaning,
  names: phrases(names),
});
const strict = (meaning: string, names = '', tag = true): Rule => ({
  kind: 'personal',
  tag,
  from: 'strict',
  meaning,
  names: phrases(names),
});

/** Every rule by the name its marker shows; docs/redaction.md has the same table and a test compares them. */
export const rules: Readonly<Record<string, Rule>> = {
  password: secret(
    'Passwords, by name',
    'password, passwd, passphrase, passcode, pass word, pass, pwd, psw, pw, passwort, contrasena, ' + 'mot de passe',
  ),
  token: secret('Access, refresh and other tokens, by name', 'token, jwt, bearer, csrf, xsrf, jsessionid, phpsessid'),
  'api-key': secret(
    'API and access keys, by name',
    'api key, app key, access key, access key id, account key, auth key, service key, master key, ' +
      'license key, subscription key, shared access key, admin key, functions key',
  ),
  secret: secret(
    'Anything called a secret, by name',
    'secret, client secret, secret id, secret key, secret access key, webhook secret, salt, pepper, ' +
      'signing key, encryption key, shared key, session key, hmac key, aes key, kms key, code verifier, sig, ' +
      'x amz signature, mnemonic, seed phrase, recovery phrase, security answer, connection string, ' +
      'conn str, dsn, database url, database uri, db url, db uri, redis url, redis uri, mongo uri, mongodb uri, wallet key, seed words, ' +
      'saml response, saml assertion, client assertion',
  ),
  'private-key': secret('Private keys, by name and as PEM', 'private key, priv key, ssh key, pem key, key pem, secret pem'),
  credentials: secret('Credentials as a whole, by name', 'credential, creds'),
  authorization: secret(
    'Authorization headers and their schemes',
    'authorization, authorization header, proxy authorization, auth header, www authenticate, authorization code, auth code, basic auth, x auth',
  ),
  cookie: secret(
    'Cookies and session ids',
    'cookie, cookie header, set cookie, session id, session secret, session cookie, sess id, connect sid, ' + 'sid',
  ),
  otp: secret(
    'One-time and recovery codes',
    'otp, totp, one time code, one time password, mfa code, two factor code, verification code, ' +
      'recovery code, backup code, reset code, sms code, login code',
    false,
  ),
  pin: secret('Personal identification numbers', 'pin, pin code, pin number', false),
  cvv: secret(
    'Card verification values',
    'cvv, cvc, csc, cvn, card code, card security code, card verification, security code',
    false,
  ),
  jwt: secret('JSON Web Tokens, by their decoded header'),
  'aws-key': secret('AWS access keys'),
  'github-token': secret('GitHub tokens'),
  'gitlab-token': secret('GitLab tokens'),
  'slack-token': secret('Slack tokens and webhooks'),
  'stripe-key': secret('Stripe keys'),
  'google-key': secret('Google API keys and OAuth secrets'),
  'npm-token': secret('npm tokens'),
  'ai-key': secret('Keys of model providers'),
  'sidelight-key': secret('Sidelight’s own keys'),
  'vendor-token': secret('Tokens of other vendors, by their prefix'),
  'url-password': secret('Passwords in connection strings and URLs'),
  'url-secret': secret('Secret parameters in URLs'),
  'high-entropy': secret('Random-looking text of 30 characters and more'),
  card: personal(
    'Payment card numbers, by name, or by length, issuer and Luhn',
    'card number, credit card, debit card, cc number, ccnum, pan, card no',
  ),
  iban: personal('IBANs, by name, or by country length and mod 97', 'iban'),
  'bank-account': personal(
    'Bank account numbers, by name, and addresses of crypto wallets',
    'bank account, account number, account no, routing number, sort code, bic swift',
  ),
  ssn: personal('US social security numbers', 'ssn, social security, social security number, social security no'),
  'national-id': personal(
    'National, tax, passport and licence numbers, by name, or by form and check digits',
    'national id, national insurance number, tax id, tax number, passport number, passport no, ' +
      'passport id, driver license, drivers license, driving licence, license plate, personal id number, ' +
      'identity number, id card number, nino, cpf, curp, aadhaar, nhs number',
  ),
  email: personal('E-mail addresses', 'email, e mail, mail address'),
  phone: personal('Telephone numbers', 'phone, phone number, telephone, mobile number, cell number, fax, msisdn, tel'),
  'person-name': personal(
    'Names of people, by name and in sentences',
    'first name, last name, full name, given name, family name, middle name, surname, maiden name, ' +
      'forename, customer name, patient name, employee name, card holder, card holder name, account holder, ' +
      'account holder name, contact name, recipient name, name first, name last, name given, name family, ' +
      'name middle',
  ),
  'street-address': personal(
    'Street addresses, by name and in sentences',
    'street, street address, address line, home address, postal address, billing address, ' +
      'shipping address, delivery address, mailing address',
  ),
  'birth-date': personal('Dates of birth', 'date of birth, birth date, birthday, dob, birth day', false),
  'public-ip': personal('Public IP addresses'),
  mac: personal('MAC addresses', 'mac address'),
  'private-ip': strict('Private IP addresses'),
  'postal-code': strict('Postal codes', 'zip, zip code, postal code, postcode', false),
  location: strict('Coordinates', 'latitude, longitude, lat lng, geo location, coordinates', false),
  'user-name': strict('User and display names', 'username, user name, display name, nickname, login name, screen name', true),
  sensitive: strict(
    'Health, belief, origin and pay',
    'gender, ethnicity, religion, diagnosis, medical record, blood type, salary, marital status, ' +
      'nationality, sexual orientation',
    false,
  ),
};
