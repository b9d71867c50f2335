const LOCALE = 'en-GB'; // the page's own language
const CURRENCY = 'EUR';

const moneyFormat = new Intl.NumberFormat(LOCALE, { style: 'currency', currency: CURRENCY });
const dayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' });
const timeFormat = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });

export const money = (cents: number) => moneyFormat.format(cents / 100);
export const day = (timestamp: string) => dayFormat.format(new Date(timestamp));
export const time = (timestamp: string) => timeFormat.format(new Date(timestamp));
export const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
