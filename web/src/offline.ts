import { h } from './dom.ts';

export const offlineNotice = () => {
  const notice = h('p', { class: 'notice bad offline', role: 'status' });
  const look = () => {
    notice.textContent = navigator.onLine ? '' : 'You are offline. What you see may be out of date.';
  };
  window.addEventListener('online', look);
  window.addEventListener('offline', look);
  look();
  return notice;
};
