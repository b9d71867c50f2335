type Grid = readonly (readonly HTMLButtonElement[])[];

const END = Number.POSITIVE_INFINITY;

/** Where a key leads from a row and column; undefined for keys that are not the grid's. */
const moves: Readonly<Record<string, (row: number, column: number, far: boolean) => [number, number]>> = {
  ArrowLeft: (row, column) => [row, column - 1],
  ArrowRight: (row, column) => [row, column + 1],
  ArrowUp: (row, column) => [row - 1, column],
  ArrowDown: (row, column) => [row + 1, column],
  Home: (row, _, far) => [far ? 0 : row, 0],
  End: (row, _, far) => [far ? END : row, END],
};

const clamp = (value: number, length: number) => Math.max(0, Math.min(value, length - 1));

/** Moves the focus, and with it the place in the tab order. */
export const stepTo = (grid: Grid, event: KeyboardEvent): void => {
  const from = event.target as HTMLButtonElement;
  const row = grid.findIndex((line) => line.includes(from));
  const goal = moves[event.key]?.(row, grid[row]?.indexOf(from) ?? 0, event.ctrlKey);
  if (row < 0 || !goal) return;
  event.preventDefault();
  const line = grid[clamp(goal[0], grid.length)] ?? [];
  const to = line[clamp(goal[1], line.length)];
  for (const button of grid.flat()) button.tabIndex = button === to ? 0 : -1;
  to?.focus();
};
