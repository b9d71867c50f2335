import type { Schemas } from '../api.ts';
import { h, set } from '../dom.ts';
import { stepTo } from './keyboard.ts';

export type SeatState = 'free' | 'mine' | 'bought' | 'held' | 'sold';

/** What each state is called, and the sign that tells it without colour. */
export const STATES: Readonly<Record<SeatState, { words: string; sign: string }>> = {
  free: { words: 'free', sign: '' },
  mine: { words: 'held for you', sign: '✓' },
  bought: { words: 'your ticket', sign: '★' },
  held: { words: 'held by somebody', sign: '…' },
  sold: { words: 'sold', sign: '×' },
};

const rowLetter = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index);

const paint = (button: HTMLButtonElement, seat: string, state: SeatState) => {
  const { words, sign } = STATES[state];
  button.textContent = sign || seat.slice(1);
  set(button, {
    'data-state': state,
    'aria-label': `Seat ${seat[0]} ${seat.slice(1)}, ${words}`, // apart, as what is seen must be in the name
    'aria-pressed': String(state === 'mine'),
    // Not `disabled`: arrow keys must reach it, so that one can hear what is taken.
    'aria-disabled': state === 'free' || state === 'mine' ? undefined : 'true',
  });
};

/**
 * The auditorium as a grid of buttons (WAI-ARIA APG, "Grid"): one of them is in the tab order, arrow keys lead to the
 * others. `choose` is called for free seats and those held for the user.
 */
export const createSeatMap = (
  { rows, seatsPerRow }: Pick<Schemas['Screening'], 'rows' | 'seatsPerRow'>,
  choose: (seat: string, state: SeatState) => void,
) => {
  const shown = new Map<string, SeatState>();
  const makeSeat = (seat: string) => {
    const button = h('button', { type: 'button', tabindex: -1, 'data-seat': seat });
    paint(button, seat, 'free');
    shown.set(seat, 'free');
    return button;
  };
  const grid = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: seatsPerRow }, (_, index) => makeSeat(`${rowLetter(row)}${index + 1}`)),
  );
  const buttons = new Map(grid.flat().map((button) => [button.dataset.seat ?? '', button]));
  grid[0]?.[0]?.setAttribute('tabindex', '0');

  const lines = grid.map((line, row) =>
    h('tr', {}, h('th', { scope: 'row' }, rowLetter(row)), ...line.map((button) => h('td', {}, button))),
  );
  const table = h('table', { role: 'grid', 'aria-label': 'Seats', class: 'seats' }, h('tbody', {}, ...lines));
  table.addEventListener('keydown', (event) => stepTo(grid, event));
  table.addEventListener('click', (event) => {
    const { seat } = ((event.target as Element).closest('button') ?? table).dataset;
    const state = seat && shown.get(seat);
    if (state === 'free' || state === 'mine') choose(seat as string, state);
  });

  return {
    element: h('div', { class: 'auditorium' }, h('p', { class: 'screen' }, 'Screen'), table),
    /** Shows the states that changed, and leaves the other buttons alone. */
    show: (stateOf: (seat: string) => SeatState) => {
      for (const [seat, button] of buttons) {
        const state = stateOf(seat);
        if (state === shown.get(seat)) continue;
        shown.set(seat, state);
        paint(button, seat, state);
      }
    },
  };
};

export const legend = () => {
  const item = ([state, { words, sign }]: [string, { words: string; sign: string }]) =>
    h(
      'li',
      {},
      h('span', { class: 'sample', 'data-state': state, 'aria-hidden': 'true' }, sign || '1'),
      words,
    );
  return h(
    'ul',
    { class: 'legend', 'aria-label': 'What the signs mean' },
    ...Object.entries(STATES).map(item),
  );
};
