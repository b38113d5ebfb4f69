/** Sentences and remedies of every code, in French; the placeholders are those of the catalogue. */
import type { ErrorCode } from '../../errors/catalogue.ts';
import type { NetworkReason } from '../../errors/network-reasons.ts';
import type { RemediedCode } from './en.ts';

export const codesFr: Readonly<Record<ErrorCode, string>> = {
  'update-conflict': 'Modifié dans les deux applications : {field}[ ({hqValue} dans HQ, {channelValue} dans le canal)]',
  'initial-conflict':
    'Les deux enregistrements diffèrent et rien ne dit lequel est juste : {field}[ ({hqValue} dans HQ, {channelValue} dans le canal)][ ; HQ a déjà cet enregistrement : {matched}]',
  'record-replaced':
    "L'enregistrement a été supprimé puis recréé[ dans {replacedIn}][ avec une autre valeur pour {field}]",
  'deleted-in-hq': "L'enregistrement[ {key}] a été supprimé dans HQ",
  'deleted-in-channel': "L'enregistrement[ {key}] a été supprimé dans le canal",
  'deleted-and-changed': "L'enregistrement[ {key}] a été supprimé dans {deletedIn} et modifié dans l'autre application",
  'deletion-would-cascade':
    "Supprimer l'enregistrement supprimerait aussi des enregistrements encore couplés[ : {dependents}][ ({table})]",
  'constraint-violated':
    "La base de données a refusé l'enregistrement à cause de {constraint}[ : {message}][ : l'enregistrement {blockedBy} a la même valeur pour {columns}]" +
    "[ : il n'existe aucun enregistrement {values} dans {parent}][ : des enregistrements de {child} y font référence]",
  'write-suppressed': "Un déclencheur ou une règle a annulé l'écriture sans erreur[ ; application : {side}]",
  'value-too-long': '{field} est trop long[ : {length} caractères] ; {limit} au maximum[ ({value})]',
  'value-not-mapped': '{field} contient la valeur {value}, absente de son mappage de valeurs',
  'value-invalid':
    "{field} contient la valeur {value}, qui n'est pas une valeur valide du type {type}[ ; valeurs autorisées : {allowed}]",
  'transform-failed':
    '{field} contient la valeur {value}, à laquelle la conversion {transform} ne peut pas être appliquée[ ; attendu : {expected}]',
  'required-value-missing': '{field} doit avoir une valeur[ dans {side}]',
  'parent-not-coupled':
    "{field} fait référence à {parent}[ {parentKey}], qui n'est pas couplé[ ; HQ a déjà cet enregistrement : {matched}]",
  'match-ambiguous':
    "On ne sait pas avec certitude quel enregistrement est le partenaire[ : {several} enregistrements correspondent sur {matchedOn}][ : {taken} correspond sur {matchedOn}, mais est couplé avec un autre enregistrement][ : {uncoupled} correspond sur {matchedOn}, mais son couplage a été supprimé][ : {contested} correspond sur {matchedOn}, mais d'autres enregistrements de ce côté aussi] ; rien n'a été couplé ni créé",
  'verification-difference':
    "{field} ne contient plus la dernière valeur synchronisée, sans qu'aucune modification ait été vue",
  'partner-missing':
    "L'enregistrement n'a pas d'équivalent dans {side}, où la base de données a été restaurée ou sa clé attribuée à un autre enregistrement",
  swinging:
    '{field} ne cesse de changer entre les deux applications[, au siège par {hqBy}][, dans le canal par {channelBy}]',
  'operation-malformed': "L'opération est illisible[ : {reason}]",
  'counter-reused': 'Le compteur {counter} de {table} a déjà été utilisé avec un autre contenu',
  'guid-in-use': 'Le GUID {guid} désigne déjà un autre client',
  'operation-not-supported': "{operation} n'est pas configuré",
  'mass-deletion':
    "{deletions} enregistrements ont été supprimés d'un coup dans {deletedIn}[, {percent} % de {couplings}][ ; {cascades} autres seraient emportés]",
  'mass-change':
    "{changes} enregistrements ont été modifiés d'un coup dans {changedIn}[, {percent} % de {couplings}] ; rien n'est reporté avant d'être approuvé",
  'records-unreadable': 'Des enregistrements de {table} ne peuvent pas être lus[ : {reason}]',
  'schema-changed': "La table[ {table}] n'est plus comme avant[ : {difference}][ : {column} n'existe pas]",
  'permission-denied': "La base de données n'autorise pas l'accès[ {right}][ à {table}]",
  'store-unreachable': 'La base de données[ {store}] est inaccessible[ : {reason}]',
  'store-busy': 'La base de données[ {store}] est occupée[ : {reason}]',
  'sign-in-refused': 'La base de données[ {store}] refuse la connexion de Couplet',
  'database-not-found': "Cette base de données n'existe pas sur le serveur[ : {store}]",
  'host-not-found': "Cet hôte n'existe pas[ : {store}]",
  'store-version': 'La base de données est PostgreSQL {version}[ ; {required} ou plus récent est requis]',
  'store-read-only': "La base de données n'accepte aucune écriture[ : {reason}]",
  'wake-up-not-possible':
    "La base de données n'avertit pas Couplet[, car {setting} vaut {value}] ; les modifications sont recherchées chaque seconde",
  'fence-lost': "Un autre processus a repris ce mappage et ce canal pendant l'exécution",
  'lane-busy':
    "Une autre exécution de ce mappage et de ce canal ne s'est pas terminée[ en {waitedSeconds} secondes] ; rien n'a été fait",
  'configuration-outdated': "Ce processus a une configuration antérieure du mappage ; rien n'a été fait",
  interrupted: "Le processus s'est arrêté avant la fin de cette exécution ; ce qu'il avait écrit est enregistré",
  paused: 'Le mappage est en pause ; ses modifications attendent',
  'awaiting-first-run':
    "Les deux applications contiennent des enregistrements et aucun n'est encore couplé ; la première exécution attend d'être demandée",
  'lineage-broken': 'La base de données[ {store}] a été restaurée ou remplacée[ ({reason})]',
  'capture-missing': 'Les modifications de {table} ne sont pas suivies[ : {reason}]',
  'capture-not-possible': '{table} est une table de type {kind}, dont les modifications ne peuvent pas être suivies',
  'table-replicated': '{table} est alimentée par un abonnement, dont les modifications ne peuvent pas être suivies',
  'table-busy': "{table} est verrouillée par quelqu'un",
  'table-not-found': "La table {table} n'existe pas[ dans {side}][ ; vouliez-vous dire {suggestion} ?]",
  'column-not-found': "{table} n'a pas de colonne {column}[ ; vouliez-vous dire {suggestion} ?]",
  'column-generated':
    'La colonne {column} de {table} est calculée par la base de données et ne peut pas être écrite[ par {field}]',
  'type-not-mappable': '{field} ne peut pas transmettre {from} vers {to}',
  'type-lossy': '{field} transmet {from} vers {to}, qui ne peut pas contenir toutes les valeurs',
  'key-not-unique': "{key} n'est pas une clé unique de {table}[ : {nullable} peut être vide]",
  'enum-label-missing': "{field} a des valeurs absentes de l'énumération {to} : {labels}",
  'reference-other-key': '{field} fait référence à {columns} de {table}, et la clé de {parent} est {key}',
  'reference-type': '{field} est de type {to}, et la clé de {parent} à laquelle il fait référence est de type {from}',
  'transform-not-reversible':
    "{field} ne revient pas tel qu'il est parti[ : {value} dans {side} revient en {returned}][ ({count} valeurs sur {sampled})]",
  'modified-at-type': "La colonne {column} de {table} est de type {type}, qui n'est pas une date et heure",
  'setting-locked': '{setting} valait {before} et ne peut pas devenir {after} tant que {couplings} couplages existent',
  'required-column-unmapped':
    "La colonne {column} de {table} doit avoir une valeur, et un enregistrement créé par Couplet n'en a pas",
  'reference-not-nullable':
    "{field} doit pouvoir être vide jusqu'au couplage de son parent, mais la colonne {column} de {table} exige une valeur",
  'filter-invalid': 'Le filtre de {table} est inutilisable[ : {reason}]',
  'right-missing': "Couplet n'a pas le droit {right} sur {table}[ : il manque {privilege}]",
  'row-security': 'La sécurité au niveau des lignes masque à Couplet des lignes de {table}',
  'url-invalid': "L'adresse de la base de données est illisible",
  'no-match':
    'Les deux côtés contiennent des enregistrements et le mappage ne définit aucune correspondance : une première exécution peut créer des doublons',
  'coupling-database-unreachable': 'La base de données de couplage est inaccessible[ : {reason}]',
  'coupling-database-not-migrated': 'La base de données de couplage est plus ancienne que le programme',
  'coupling-database-newer': 'La base de données de couplage est plus récente que le programme',
  'coupling-database-foreign': "La base de données de couplage a d'autres migrations que le programme",
  'internal-error': 'Une erreur interne est survenue dans Couplet ; son journal en donne les détails',
  'invalid-request': "La demande n'est pas valide[ : {reason}]",
  'unknown-parameter': "Le paramètre {parameter} n'existe pas[ ; vouliez-vous dire {suggestion} ?]",
  'unknown-field': "Le mappage n'a pas de champ {field}",
  'field-not-settable': '{field} ne peut pas être modifié par cette opération',
  'key-required': "Indiquez l'enregistrement à coupler, ou demandez sa création",
  'winner-required': "Choisissez la version qui l'emporte : les deux enregistrements ont changé",
  'not-authenticated': "Connectez-vous d'abord",
  'not-allowed': 'Le rôle {role} est requis',
  'foreign-origin': 'Les demandes provenant de {origin} ne sont pas acceptées',
  'not-found': "Il n'y a rien à cette adresse",
  'method-not-allowed': 'Cette adresse ne connaît pas {method} ; elle a {allowed}',
  'mapping-not-found': "Le mappage {mapping} n'existe pas",
  'channel-not-found': "Le canal {channel} n'existe pas",
  'job-not-found': "Ce travail n'existe pas",
  'record-not-found': "L'enregistrement[ {key}] n'existe pas[ dans {side}]",
  'coupling-not-found': "Ce couplage n'existe pas",
  'error-not-found': "Cette erreur de synchronisation n'existe pas",
  'log-entry-not-found': "Cette écriture du journal n'existe pas",
  'operation-not-found': "Cette opération client n'existe pas",
  'customer-not-found': "Le client {account} n'existe pas",
  'feature-not-found': "La fonctionnalité {feature} n'existe pas[ ; connues : {known}]",
  'commerce-job-not-found': "Le travail de commerce {job} n'existe pas[ ; connus : {known}]",
  'session-not-found': "Cette session n'existe pas",
  'commerce-not-configured': "Le commerce n'est pas configuré",
  'direction-not-configured': '{mapping} ne synchronise pas dans ce sens : {direction}',
  'already-coupled': "L'enregistrement[ {key}] est déjà couplé[ avec {partner}][ ; application : {side}]",
  'coupling-ended': 'Le couplage a pris fin',
  'create-refused': "L'enregistrement n'a pas pu être créé[ : {cause}]",
  'action-not-allowed': "{action} n'est pas possible ici[ ; actions possibles : {allowed}]",
  'already-resolved': "L'erreur est déjà résolue",
  'count-changed': 'Nombre sélectionné par le filtre : {count}[, et non {expected}]',
  'request-in-progress': "La même demande est en cours d'exécution",
  'job-finished': 'Le travail est déjà terminé',
  'job-kind-unknown': "Aucun travail de type {kind} n'existe",
  'not-revertible': 'Cette écriture ne peut pas être annulée',
  'already-reverted': 'Cette écriture a déjà été annulée',
  'not-configured': "{mapping} n'est plus dans la configuration",
  'mapping-stopped': '{mapping} est arrêté[ : {reason}]',
  'prerequisite-missing': '{feature} nécessite {missing}',
  'feature-required-by': '{feature} est nécessaire à {requiredBy}',
  'session-applied': 'La session a déjà été appliquée',
  'being-edited': "{by} modifie l'opération[ jusqu'à {until}]",
  'customer-pending': "Le client n'a pas encore de numéro de compte",
  'operation-synchronized': "L'opération a été synchronisée et ne peut plus être modifiée",
  'stale-decision': "Les enregistrements ont changé depuis que vous les avez consultés ; rien n'a été écrit",
  'payload-too-large': 'La demande est trop volumineuse',
  'unsupported-media-type': "Ce type de contenu n'est pas pris en charge",
  'idempotency-key-reused': 'Cette Idempotency-Key a été utilisée pour une autre demande',
  'precondition-required': 'Envoyez If-Match avec la version que vous avez lue',
  'identity-provider-unreachable': 'Le fournisseur de connexion est inaccessible',
  'too-many-requests': 'Trop de demandes ; patientez un instant',
  policy: 'Modifié dans les deux applications ; la règle du mappage a tranché',
  'latest-wins':
    "Modifié dans les deux applications ; la modification la plus récente selon les horloges des applications l'a emporté",
  'matched-on': 'Les enregistrements correspondent sur {matchedOn}',
  'replaced-alike': "L'enregistrement a été supprimé puis recréé[ dans {side}] avec les mêmes valeurs",
  'partner-replaced': "L'enregistrement a été couplé avec un autre",
  'key-given-again': "L'enregistrement n'existe plus[ dans {side}] et sa clé a été attribuée à un autre",
  'both-deleted': "L'enregistrement a été supprimé dans les deux applications",
  'deleted-out-of-filter': "L'enregistrement a été supprimé alors qu'il était hors du filtre",
  'replaced-while-other-gone':
    "Aucun des deux enregistrements couplés n'existe plus ; celui qui existe est un nouvel enregistrement",
  'deletion-policy': "L'enregistrement a été supprimé[ dans {deletedIn}] ; le couplage a pris fin comme configuré",
  'left-uncoupled': "L'enregistrement reste non couplé",
  'would-couple': 'Les enregistrements seraient couplés',
  'would-create': "L'enregistrement serait créé",
  'job-due': 'En attente[ dans {channel}] du travail {nextJob} : {count}',
  unmatched: 'Aucun enregistrement ne correspond',
};

export const remediesFr: Readonly<Record<RemediedCode, string>> = {
  'update-conflict':
    "Comparez les versions et choisissez-en une avec Synchroniser, pour l'enregistrement ou champ par champ.",
  'initial-conflict':
    'Choisissez une version avec Synchroniser ; pour les nouvelles paires, `initialWinner` et `fillEmpty` du mappage en décident.',
  'record-replaced': 'Choisissez une version avec Synchroniser, ou supprimez le couplage.',
  'deleted-in-hq':
    "Restaurez-le, supprimez aussi l'enregistrement associé, ou supprimez le couplage ; `deletions` le décide pour l'avenir.",
  'deleted-in-channel':
    "Restaurez-le, supprimez aussi l'enregistrement associé, ou supprimez le couplage ; `deletions` le décide pour l'avenir.",
  'deleted-and-changed':
    "Restaurez l'enregistrement supprimé, ou supprimez l'enregistrement modifié après avoir examiné ce qui a changé.",
  'deletion-would-cascade':
    "Supprimez ou découplez d'abord les enregistrements dépendants, ou restaurez l'enregistrement supprimé.",
  'constraint-violated': "Modifiez la valeur, ou l'enregistrement qui fait obstacle ; puis utilisez Réessayer.",
  'write-suppressed':
    'Trouvez le déclencheur ou la règle de la table, modifiez-le ou modifiez la valeur ; puis utilisez Réessayer.',
  'value-too-long':
    'Raccourcissez la valeur, élargissez la colonne, ou mappez le champ avec une conversion `substring`.',
  'value-not-mapped': "Ajoutez la valeur à `values` du champ, ou modifiez-la dans l'application.",
  'value-invalid': 'Corrigez la valeur, ou mappez le champ avec une conversion adaptée.',
  'transform-failed': 'Corrigez la valeur, ou la conversion dans la configuration.',
  'required-value-missing':
    'Renseignez la valeur, mappez la colonne, ou donnez-lui une valeur avec `onCreate` ou une conversion `default`.',
  'parent-not-coupled':
    "Couplez l'enregistrement parent ou résolvez son erreur ; définissez `ifUncoupled: clear` pour envoyer l'enregistrement sans lui.",
  'match-ambiguous': 'Couplez-le avec le bon candidat, ou créez un nouvel enregistrement si aucun ne convient.',
  'verification-difference':
    'Choisissez une version avec Synchroniser ; recherchez les écritures qui ne déclenchent aucun déclencheur.',
  'partner-missing':
    "Réessayer le crée dans l'autre application ; sinon, couplez-le avec un enregistrement existant, ou supprimez le couplage pour le laisser tel quel.",
  swinging:
    'Trouvez ce qui rétablit la valeur, ou laissez le champ circuler dans un seul sens ; puis utilisez Réessayer.',
  'operation-malformed': "Corrigez ce qui écrit les tables d'opérations ; cette opération ne peut qu'être écartée.",
  'counter-reused':
    "Portez le compteur de la table au-dessus de tous les numéros déjà utilisés, et laissez le canal écrire l'opération à nouveau.",
  'guid-in-use':
    'Corrigez ce qui attribue les GUID dans le canal ; écartez cette opération et créez le client à nouveau.',
  'operation-not-supported':
    "Définissez-le sous `commerce` (par exemple `deactivateCustomer`), puis synchronisez l'opération.",
  'mass-deletion': 'Approuvez, ou refusez : chaque suppression devient alors une erreur à part entière.',
  'mass-change':
    "Approuver les exécute toutes ; Refuser n'en exécute aucune, et chacune devient un conflit à trancher à part.",
  'records-unreadable':
    "Corrigez la valeur dont la base de données se plaint, ou écrivez le filtre de sorte qu'il vaille pour chaque enregistrement ; le mappage reprend de lui-même.",
  'schema-changed':
    'Adaptez le mappage ou la table ; `couplet check` indique ce qui ne convient pas, `couplet install` renouvelle le suivi des modifications.',
  'permission-denied': 'Accordez le droit indiqué ; `couplet check` énumère tous ceux qui manquent.',
};

/** Why a store or database cannot be reached. */
export const reasonsFr: Readonly<Record<NetworkReason, string>> = {
  refused: "rien n'écoute à cette adresse et à ce port",
  closed: 'elle a fermé la connexion',
  silent: "elle n'a pas répondu à temps",
  noWayToHost: 'aucun chemin ne mène à son hôte',
  noWayToNetwork: 'aucun chemin ne mène à son réseau',
  noSocket: "ce socket n'existe pas",
  noHost: "cet hôte n'existe pas",
  noLookup: "le nom de son hôte n'a pas pu être résolu",
  noWrites: "elle n'accepte pas d'écriture",
  stoodStill: 'elle a mis fin à une session restée immobile',
  notFromHere: "l'utilisateur ne peut pas se connecter d'ici",
  wrongPassword: "l'utilisateur ou le mot de passe est faux",
  noDatabase: "le serveur n'a pas cette base de données",
  diskFull: 'son disque est plein',
  noMemory: 'la mémoire lui manque',
  noConnections: "elle n'accepte plus de connexions",
  ended: 'un administrateur a mis fin à la session',
  killed: 'elle a été interrompue et redémarre',
  startingOrStopping: "elle démarre ou s'arrête",
  diskFails: 'son disque est défaillant',
};
