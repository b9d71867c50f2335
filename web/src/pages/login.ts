import { api, dataOf } from '../api.ts';
import { h } from '../dom.ts';
import { isPassing } from '../problem.ts';
import { session } from '../session.ts';
import { type Page, toProblem } from '../views.ts';

type Values = Record<string, string>;

const field = (label: string, attributes: Record<string, string | number | boolean>) =>
  h('label', {}, h('span', {}, label), h('input', { required: true, ...attributes }));

const emailField = () =>
  field('Email', { name: 'email', type: 'email', autocomplete: 'username', maxlength: 254 });

/** A form that says what went wrong, and is not sent twice by an impatient click. */
const form = (label: string, fields: HTMLElement[], send: (values: Values) => Promise<void>) => {
  const fault = h('p', { class: 'notice bad', role: 'alert' });
  const button = h('button', { type: 'submit', class: 'main' }, label);
  const submit = async (event: Event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Values;
    button.disabled = true;
    fault.textContent = '';
    await send(values).catch((error) => {
      fault.textContent = toProblem(error).message;
    });
    button.disabled = false;
  };
  return h('form', { class: 'narrow', submit }, ...fields, fault, button);
};

const logIn = async ({ email = '', password = '' }: Values, next: string) => {
  session.set(await dataOf(api.POST('/v1/accounts/session', { body: { email, password } })));
  location.hash = `#/${next || 'movies'}`;
};

/** The key is made anew when the answer is final: a repeat after a lost answer must not find its own email taken. */
const createRegistration = () => {
  let key = crypto.randomUUID();
  return async ({ email = '', name = '', password = '' }: Values) => {
    const request = { body: { email, name, password }, headers: { 'Idempotency-Key': key } };
    try {
      await dataOf(api.POST('/v1/accounts', request));
    } catch (error) {
      if (!isPassing(toProblem(error))) key = crypto.randomUUID();
      throw error;
    }
  };
};

const password = (label: string, autocomplete: string, more: Record<string, number> = {}) =>
  field(label, { name: 'password', type: 'password', autocomplete, maxlength: 128, ...more });

export const loginPage: Page = {
  title: 'Log in',
  show: (next) => [
    form('Log in', [emailField(), password('Password', 'current-password')], (values) => logIn(values, next)),
    h('p', {}, 'New here? ', h('a', { href: `#/register/${next}` }, 'Register')),
  ],
};

export const registerPage: Page = {
  title: 'Register',
  show: (next) => {
    const register = createRegistration();
    const name = field('Name', { name: 'name', autocomplete: 'name', maxlength: 100 });
    const fields = [
      emailField(),
      name,
      password('Password, 10 characters or more', 'new-password', { minlength: 10 }),
    ];
    return [
      form('Register', fields, async (values) => {
        await register(values);
        await logIn(values, next);
      }),
      h('p', {}, 'Registered already? ', h('a', { href: `#/login/${next}` }, 'Log in')),
    ];
  },
};
