export interface LogLine {
  level: string;
  msg: string;
  [member: string]: unknown;
}

export interface Logs {
  lines(): LogLine[];
  text(): string;
  write(chunk: string): void;
}

/** Collects what a process or an in-process instance logs; lines that are no JSON are kept in `text` only. */
export const createLogs = (): Logs => {
  let text = '';
  const parse = (line: string): LogLine[] => {
    try {
      return [JSON.parse(line) as LogLine];
    } catch {
      return [];
    }
  };
  return {
    text: () => text,
    lines: () => text.split('\n').flatMap(parse),
    write: (chunk) => {
      text += chunk;
    },
  };
};
