/** What an insider with the database alone does to a chain of ten records, and what is found. `$1` is the node. */
export const attacks: { what: string; statements: string[]; found: [string, number] }[] = [
  {
    what: 'a record is edited',
    statements: [`update audit set record = replace(record, 'key:a', 'key:b') where node = $1 and node_seq = 4`],
    found: ['edited', 4],
  },
  {
    what: 'the newest record is edited',
    statements: [`update audit set record = replace(record, 'key:a', 'key:b') where node = $1 and node_seq = 10`],
    found: ['edited', 10],
  },
  {
    what: 'a record is given to another organisation',
    statements: [`update audit set org = 'other' where node = $1 and node_seq = 4`],
    found: ['edited', 4],
  },
  {
    what: 'a record is made older than it is',
    statements: ['update audit set at = 1 where node = $1 and node_seq = 1'],
    found: ['edited', 1],
  },
  {
    what: 'a record is no JSON any more',
    statements: [`update audit set record = '{' where node = $1 and node_seq = 4`],
    found: ['edited', 4],
  },
  {
    what: 'a code is taken away',
    statements: ['update audit set code = null where node = $1 and node_seq = 4'],
    found: ['edited', 4],
  },
  {
    what: 'a record is deleted',
    statements: ['delete from audit where node = $1 and node_seq = 4'],
    found: ['deleted', 4],
  },
  {
    what: 'the oldest records are deleted',
    statements: ['delete from audit where node = $1 and node_seq < 4'],
    found: ['deleted', 1],
  },
  {
    what: 'a record is deleted and the younger ones close the gap',
    statements: [
      'delete from audit where node = $1 and node_seq = 4',
      'update audit set node_seq = -node_seq where node = $1 and node_seq > 4',
      'update audit set node_seq = -node_seq - 1 where node = $1 and node_seq < 0',
    ],
    found: ['deleted', 4],
  },
  {
    what: 'two records change places',
    statements: [
      'update audit set node_seq = -node_seq where node = $1 and node_seq in (4, 7)',
      'update audit set node_seq = 11 + node_seq where node = $1 and node_seq < 0',
    ],
    found: ['reordered', 4],
  },
  {
    what: 'two records next to each other change places',
    statements: [
      'update audit set node_seq = -node_seq where node = $1 and node_seq in (4, 5)',
      'update audit set node_seq = 9 + node_seq where node = $1 and node_seq < 0',
    ],
    found: ['reordered', 4],
  },
  {
    what: 'a record is put between others',
    statements: [
      'update audit set node_seq = -node_seq where node = $1 and node_seq >= 4',
      'update audit set node_seq = 1 - node_seq where node = $1 and node_seq < 0',
      `insert into audit (org, at, record, node, node_seq, code)
       select org, at, replace(record, 'req_3', 'req_x'), node, 4, code from audit where node = $1 and node_seq = 3`,
      `update audit set record = replace(record, '"seq":3', '"seq":4') where node = $1 and node_seq = 4`,
    ],
    found: ['inserted', 4],
  },
  {
    what: 'an old record is repeated',
    statements: [
      'update audit set node_seq = -node_seq where node = $1 and node_seq >= 4',
      'update audit set node_seq = 1 - node_seq where node = $1 and node_seq < 0',
      `insert into audit (org, at, record, node, node_seq, code)
       select org, at, record, node, 4, code from audit where node = $1 and node_seq = 3`,
    ],
    found: ['inserted', 4],
  },
  {
    what: 'a record is put at the end',
    statements: [
      `insert into audit (org, at, record, node, node_seq, code)
       select org, at, replace(record, '"seq":10', '"seq":11'), node, 11, repeat('ab', 32) from audit where node = $1 and node_seq = 10`,
    ],
    found: ['inserted', 11],
  },
  {
    what: 'a record is put before all others',
    statements: [
      `insert into audit (org, at, record, node, node_seq, code)
       select org, at, record, node, 0, code from audit where node = $1 and node_seq = 1`,
    ],
    found: ['inserted', 1],
  },
  {
    what: 'the end is cut off',
    statements: ['delete from audit where node = $1 and node_seq > 8'],
    found: ['cut_tail', 9],
  },
  {
    what: 'everything is deleted',
    statements: ['delete from audit where node = $1'],
    found: ['cut_tail', 1],
  },
];
