import { h } from './dom.ts';
import { header } from './header.ts';
import { offlineNotice } from './offline.ts';
import { groceryPage } from './pages/grocery.ts';
import { loginPage, registerPage } from './pages/login.ts';
import { moviePage, moviesPage } from './pages/movies.ts';
import { screeningPage } from './pages/screening.ts';
import { ticketsPage } from './pages/tickets.ts';
import { startRouter } from './router.ts';
import { servedByPanel } from './served-by.ts';

const main = h('main', { id: 'main' });
document.body.append(
  h('a', { class: 'skip', href: '#main', click: skip }, 'Skip to the content'),
  header(),
  offlineNotice(),
  main,
  h('footer', {}, servedByPanel(), h('a', { href: '/docs' }, 'The API')),
);

/** By hand, as the address after # is the router's. */
function skip(event: Event) {
  event.preventDefault();
  main.querySelector('h1')?.focus();
}

const pages = {
  movies: moviesPage,
  movie: moviePage,
  screenings: screeningPage,
  login: loginPage,
  register: registerPage,
  tickets: ticketsPage,
  grocery: groceryPage,
};
startRouter(pages, 'movies', main);
