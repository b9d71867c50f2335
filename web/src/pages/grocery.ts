import { api, dataOf, type Schemas } from '../api.ts';
import { createAttempt } from '../attempt.ts';
import { h } from '../dom.ts';
import { day, money, plural } from '../format.ts';
import { forMembers } from '../members.ts';
import { empty, loaded, type Page, toProblem } from '../views.ts';

type Product = Schemas['Product'];
type Item = Schemas['Order']['items'][number];
type Wanted = Pick<Item, 'productId' | 'quantity'>[];

const MOST = 100; // of one product in an order, says the API

const listProducts = () => dataOf(api.GET('/v1/grocery/products', { params: { query: { limit: 100 } } }));
const listOrders = () => dataOf(api.GET('/v1/grocery/orders'));

const productLine = ({ id, name, priceCents, stock }: Product) =>
  h(
    'li',
    {},
    h('label', { for: id }, h('strong', {}, name), ` ${money(priceCents)} `),
    h('small', {}, stock === 0 ? 'Sold out' : `${stock} left`),
    h('input', {
      id,
      type: 'number',
      name: id,
      min: 0,
      max: Math.min(stock, MOST),
      value: 0,
      inputmode: 'numeric',
      disabled: stock === 0,
    }),
  );

const readWanted = (form: HTMLFormElement): Wanted =>
  [...new FormData(form)]
    .map(([productId, quantity]) => ({ productId, quantity: Number(quantity) }))
    .filter(({ quantity }) => quantity > 0);

const orderForm = (products: readonly Product[], userId: string, ordered: () => void) => {
  const news = h('p', { class: 'news', role: 'status' });
  const button = h('button', { type: 'submit', class: 'main' }, 'Order');
  const attempt = createAttempt(`grocery:${userId}`, (items: Wanted, key) =>
    dataOf(api.POST('/v1/grocery/orders', { body: { items }, headers: { 'Idempotency-Key': key } })),
  );
  const finish = async (order: Promise<Schemas['Order']>) => {
    button.disabled = true;
    news.textContent = 'Ordering …';
    try {
      const { totalCents } = await order;
      news.textContent = `Ordered for ${money(totalCents)}.`;
      ordered();
    } catch (error) {
      news.textContent = `Not ordered: ${toProblem(error).message}`;
    }
    button.disabled = false;
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const wanted = readWanted(event.target as HTMLFormElement);
    if (wanted.length === 0) news.textContent = 'Choose how many of something.';
    else void finish(attempt.start(wanted));
  };
  if (attempt.pending()) void finish(attempt.resume());
  return h('form', { submit }, h('ul', { class: 'products' }, ...products.map(productLine)), button, news);
};

const nameOf = (products: readonly Product[], id: string) =>
  products.find((product) => product.id === id)?.name ?? 'a product';

const orders = (products: readonly Product[]) =>
  loaded('orders', listOrders, ({ items }) => {
    if (items.length === 0) return [empty('No orders yet.')];
    const describe = ({ productId, quantity }: Item) => `${quantity} × ${nameOf(products, productId)}`;
    return [
      h('p', {}, `${plural(items.length, 'order')}, the newest first`),
      h(
        'ul',
        {},
        ...items.map((order) =>
          h(
            'li',
            {},
            `${day(order.createdAt)}: ${order.items.map(describe).join(', ')}, ${money(order.totalCents)}`,
          ),
        ),
      ),
    ];
  });

const shop = (products: readonly Product[], userId: string) => {
  const place = h('div', {}, orders(products));
  const form = orderForm(products, userId, () => place.replaceChildren(orders(products)));
  return h('div', {}, form, h('h2', {}, 'My orders'), place);
};

export const groceryPage: Page = {
  title: 'Grocery',
  show: (_, signal) => [
    loaded('products', listProducts, ({ items }) => {
      if (items.length === 0) return [empty('Nothing is sold at the moment.')];
      return [forMembers('to order', signal, (userId) => shop(items, userId))];
    }),
  ],
};
