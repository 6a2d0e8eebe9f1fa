/** What only one resource is called by, in the order in which it came up; each has a name of its own in a comparison. */
export type Names = {
  readonly add: (value: string) => void;
  /** Every id and name in the document. */
  readonly addAllIn: (document: unknown) => void;
  /** The number of the account of each site among them, as the lines of /etc/passwd say it. */
  readonly addNumbers: (passwd: string) => void;
  /** The line as it would be of any other resource that came about the same way. */
  readonly neutral: (line: string) => string;
};

const ID = /^[a-z][a-z0-9]{11}$|^[a-z][a-z0-9]{19}$/;

export function createNames(): Names {
  const known: string[] = [];
  const numbers: string[] = [];
  const add = (value: string) => {
    if (value !== 'default' && !known.includes(value)) known.push(value);
  };
  const addAllIn = (document: unknown): void => {
    if (typeof document === 'string' && ID.test(document)) add(document);
    if (typeof document !== 'object' || document === null) return;
    Object.values(document).forEach(addAllIn);
  };
  return {
    add,
    addAllIn,
    addNumbers: (passwd) => {
      for (const line of passwd.split('\n')) {
        const [user = '', , uid = ''] = line.split(':');
        if (user.startsWith('s-') && known.includes(user.slice(2)) && !numbers.includes(uid))
          numbers.push(uid);
      }
    },
    neutral: (line) => {
      let text = line;
      known.forEach((value, index) => (text = text.replaceAll(value, `<${index}>`)));
      text = withoutTimesAndSecrets(text);
      numbers.forEach(
        (uid, index) => (text = text.replaceAll(new RegExp(`\\b${uid}\\b`, 'g'), `<uid ${index}>`)),
      );
      return text;
    },
  };
}

const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]+)-----.*?-----END \1-----/gs, '<pem>'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, '<time>'],
  [/\b\d{8}-\d{9}\b/g, '<stamp>'],
  [/\b\d{13}\b/g, '<ms>'],
  // Seconds since 1970.
  [/\b1\d{9}\b/g, '<s>'],
  [/\b[0-9a-fA-F]{32,}\b/g, '<hex>'],
  [/(?<![A-Za-z0-9+/.-])[A-Za-z0-9+][A-Za-z0-9+/]{39,}={0,2}/g, '<base64>'],
  // What php-fpm answers a probe: a digest of its configuration.
  [/(?<=<\d+>-)[0-9a-f]{8}\b/g, '<digest>'],
  [/\$[0-9a-z]+\$[^\s:"]+/g, '<password>'],
];

function withoutTimesAndSecrets(text: string): string {
  return REPLACED.reduce((line, [pattern, instead]) => line.replace(pattern, instead), text);
}
