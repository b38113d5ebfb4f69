/**
 * The import rules of the house (ARCHITECTURE.md has the picture). Each room says what it may import of `src`; whatever
 * is not named is forbidden, so a new room has to be entered here before anybody can use it.
 */

/** Who may import what. A room is a folder of `src`, or a single file. */
const rooms = {
  'cli.ts': ['commands', 'errors'],
  commands: ['compose', 'config', 'logging', 'embedded', 'demo', 'web-build', 'ports', 'domain', 'errors'],
  compose: [
    'http',
    'jobs',
    'commerce',
    'engine',
    'stores',
    'database',
    'embedded',
    'config',
    'logging',
    'ports',
    'domain',
    'errors',
  ],
  http: ['ports', 'domain', 'errors'],
  web: ['ports', 'domain', 'errors'],
  jobs: ['engine', 'ports', 'domain', 'errors'],
  commerce: ['engine', 'ports', 'domain', 'errors'],
  engine: ['ports', 'domain', 'errors'],
  ports: ['domain', 'errors'],
  domain: ['errors'],
  database: ['ports', 'domain', 'errors'],
  config: ['domain', 'errors'],
  logging: ['errors'],
  embedded: [],
  'web-build': [],
  demo: [],
  errors: [],
};

const why = {
  domain: 'The domain is pure: it decides about values it is given and asks nobody.',
  engine: 'The engine knows stores and the coupling database only through ports, so that both can be replaced.',
  http: 'Routes ask through a port and never run a synchronization themselves.',
  web: 'The page reaches the server through its API alone; of the routes it may take types.',
  ports: 'A port says what is needed from outside, and must not know who gives it.',
  database: 'The coupling database implements ports and knows no engine.',
  embedded: 'The embedded server stands alone; commands, compose and tests start it.',
  demo: 'The demo stores stand alone; commands make them.',
};

const roomPath = (room) => (room.endsWith('.ts') ? `^src/${room.replace('.', '\\.')}$` : `^src/${room}(/|\\.ts$)`);

/** Types cost nothing at run time and draw no code along. */
const typesOf = { web: ['http'], errors: ['domain'], demo: ['embedded'] };

const roomRules = Object.entries(rooms).flatMap(([room, allowed]) => {
  const types = typesOf[room] ?? [];
  const comment = `${why[room] ?? 'The rooms of the house depend on each other in one direction.'} Allowed in ${room}: ${[room, ...allowed].join(', ')}. See ARCHITECTURE.md.`;
  const rule = (name, from, to) => ({ name, severity: 'error', comment, from: { path: from }, to });
  return [
    rule(`${room.replace('.ts', '')}-imports-only-its-own`, roomPath(room), {
      path: '^src/',
      pathNot: [room, ...allowed, ...types].map(roomPath),
    }),
    ...types.map((other) =>
      rule(`${room}-takes-only-types-of-${other}`, roomPath(room), {
        path: roomPath(other),
        dependencyTypesNot: ['type-only'],
      }),
    ),
  ];
});

/** Houses with floors: a floor rests on those named before it. What lies in none of them stands on top. */
const floors = {
  engine: ['lane', 'batch', 'run', 'check', 'actions', 'verify'],
  'stores/postgres': ['session', 'table', 'install', 'capture', 'read', 'write'],
  database: ['schema', 'session', 'lists', 'lanes', 'commerce', 'records', 'queries'],
};

const floorRules = Object.entries(floors).flatMap(([house, names]) =>
  names.map((floor, height) => ({
    name: `${house.replace('/', '-')}-${floor}-rests-on-what-is-below`,
    severity: 'error',
    comment: `Within ${house} a floor imports only what is below: ${names.join(', ')}. See ARCHITECTURE.md.`,
    from: { path: `^src/${house}/${floor}/` },
    to: { path: `^src/${house}/`, pathNot: names.slice(0, height + 1).map((below) => `^src/${house}/${below}/`) },
  })),
);

module.exports = {
  forbidden: [
    ...roomRules,
    ...floorRules,
    {
      name: 'every-file-has-a-room',
      comment: 'This file lies in no room of the house. Move it, or enter its room in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...Object.keys(rooms), 'stores'].map(roomPath) },
      to: {},
    },
    {
      name: 'stores-import-ports-only',
      comment: 'A store implements ports and knows no engine. See ARCHITECTURE.md.',
      severity: 'error',
      from: { path: '^src/stores/' },
      to: { path: '^src/', pathNot: ['stores', 'ports', 'domain', 'errors'].map(roomPath) },
    },
    {
      name: 'stores-do-not-know-each-other',
      comment: 'A kind of store is added by writing one folder, and removed by deleting it. See ARCHITECTURE.md.',
      severity: 'error',
      from: { path: '^src/stores/([^/]+)/' },
      to: { path: '^src/stores/', pathNot: '^src/stores/$1/' },
    },
    {
      name: 'drizzle-only-in-database',
      comment: 'Rows of the coupling database never leave src/database; everybody else gets values of the domain.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/database/' },
      to: { path: 'node_modules/drizzle' },
    },
    {
      name: 'postgres-client-only-where-databases-are',
      comment: 'Who talks to PostgreSQL: the coupling database, the PostgreSQL stores, the embedded server, the demo.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(database|stores/postgres|embedded|demo)/' },
      to: { path: 'node_modules/(postgres|pg)/' },
    },
    {
      name: 'domain-does-nothing-outside',
      comment: 'No I/O, clock or randomness in the domain: the same question has the same answer, in tests as in life.',
      severity: 'error',
      from: { path: '^src/(domain|ports)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'domain-needs-no-packages',
      comment: 'The domain rests on the language and on deep-diff (in one file), on nothing else.',
      severity: 'error',
      from: { path: '^src/(domain|ports|errors)/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(@types/)?deep-diff/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or a third is missing.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-tests-in-the-product',
      comment: 'The product must work where tests are not installed.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'imports-must-exist',
      comment: 'What is imported is neither a file of ours nor an installed package.',
      severity: 'error',
      from: { path: '^src/' },
      // Types of a package have files that only the compiler finds, and it says so where it does not.
      to: { couldNotResolve: true, pathNot: '^[^./].*/types/' },
    },
  ],
  options: {
    // With TypeScript 7 alone, dependency-cruiser reads no module at all and is content.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js'],
    },
  },
};
