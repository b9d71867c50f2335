import { h } from '../dom.ts';
import { money, plural, time } from '../format.ts';
import { toProblem } from '../views.ts';
import type { MySeats } from './my-seats.ts';

interface BasketParts {
  priceCents: number;
  say(text: string): void;
  /** Shows the seats anew. */
  refresh(): void;
}

const bySeat = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });

/** The held seats, what they cost, and the button that buys them. */
export const createBasket = ({ priceCents, say, refresh }: BasketParts) => {
  let mine: MySeats | undefined;
  let buying = false;

  /** Buys, or finds out what became of a purchase whose answer was lost. */
  const finish = async (buy: (purchase: MySeats['purchase']) => ReturnType<MySeats['purchase']['start']>) => {
    if (!mine || buying) return;
    buying = true;
    say('Buying …');
    refresh();
    try {
      const { seats } = await buy(mine.purchase);
      say(`Bought: ${seats.join(', ')}.`);
    } catch (error) {
      say(`Not bought: ${toProblem(error).message}`);
    }
    buying = false;
    await mine.read().catch(toProblem);
    refresh();
  };

  const heldSeats = () =>
    mine
      ?.holds()
      .map(({ seat }) => seat)
      .sort(bySeat) ?? [];
  const buy = () => finish((purchase) => purchase.start(heldSeats()));
  const resume = () => finish((purchase) => purchase.resume());
  const list = h('p');
  const button = h('button', { type: 'button', class: 'main', click: buy });
  const again = h('button', { type: 'button', click: resume }, 'Ask again what became of it');
  const element = h('section', { class: 'basket', 'aria-label': 'Your choice' }, list, button, again);

  return {
    element,
    /** Finishes what a reload or an outage interrupted. */
    resume: async () => {
      if (mine?.purchase.pending()) await resume();
    },
    show: (seats: MySeats | undefined) => {
      mine = seats;
      element.hidden = !mine;
      const held = mine?.holds() ?? [];
      const until = held.map(({ heldUntil }) => heldUntil).sort()[0];
      list.textContent = until
        ? `${heldSeats().join(', ')}, held for you until ${time(until)}.`
        : 'Choose seats: they are held for you for some minutes.';
      button.hidden = held.length === 0;
      button.disabled = buying;
      button.textContent = `Buy ${plural(held.length, 'seat')} for ${money(held.length * priceCents)}`;
      again.hidden = buying || !mine?.purchase.pending();
    },
  };
};
