interface Layout {
  rows: number;
  seatsPerRow: number;
}

const rowLetter = (row: number) => String.fromCharCode('A'.charCodeAt(0) + row);

/** Every seat of an auditorium, as A1, A2 … in the order of the rows. */
export const seatsOf = ({ rows, seatsPerRow }: Layout): string[] =>
  Array.from({ length: rows * seatsPerRow }, (_, index) => {
    const row = Math.floor(index / seatsPerRow);
    return `${rowLetter(row)}${(index % seatsPerRow) + 1}`;
  });

/** Whether an auditorium has this seat. */
export const hasSeat = ({ rows, seatsPerRow }: Layout, seat: string): boolean => {
  const match = /^([A-Z])([1-9]\d?)$/.exec(seat);
  if (!match?.[1]) return false;
  return match[1] < rowLetter(rows) && Number(match[2]) <= seatsPerRow;
};
