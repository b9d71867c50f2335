const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (one) => ENTITIES[one] as string);

/** JSON for a script element: whatever a name contains, it cannot end the element or begin another. */
export const jsonForScript = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');

export interface Column {
  heading: string;
  /** Figures stand to the right, under each other. */
  figure?: boolean;
}

/** @param rows cells of HTML, the first of each row its heading. */
export const table = (caption: string, columns: readonly Column[], rows: readonly string[][]): string => {
  const kind = ({ figure }: Column) => (figure ? ' class="figure"' : '');
  const head = columns.map((column) => `<th scope="col"${kind(column)}>${escapeHtml(column.heading)}</th>`);
  const cells = (row: string[]) =>
    row.map((cell, index) => {
      const column = columns[index] as Column;
      if (index === 0) return `<th scope="row">${cell}</th>`;
      return `<td${kind(column)} data-label="${escapeHtml(column.heading)}">${cell}</td>`;
    });
  const body = rows.map((row) => `<tr>${cells(row).join('')}</tr>`);
  return `<table><caption>${escapeHtml(caption)}</caption><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`;
};

/** An icon, a word and a colour: none of them is needed to tell good from bad. */
export const mark = (state: 'good' | 'bad' | 'neutral', word: string): string => {
  const icon = { good: '✓', bad: '✕', neutral: '–' }[state];
  return `<span class="mark ${state}"><span aria-hidden="true">${icon}</span> ${escapeHtml(word)}</span>`;
};
