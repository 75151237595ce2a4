/* Stand-in for a session recorder: says that somebody moved the mouse. */
(function () {
  'use strict';
  var user = Math.random().toString(36).slice(2);
  document.cookie = '_hjSessionUser_1=' + user + '; path=/; max-age=31536000; samesite=lax';
  document.cookie = '_hjSession_1=' + user + '; path=/; max-age=1800; samesite=lax';
  try {
    localStorage.setItem('_hjUserAttributes', user);
    sessionStorage.setItem('_hjRecordingEnabled', 'true');
  } catch (e) { }
  fetch('http://in.hotjar.com.localhost:{{third}}/api/v2/client/sites/163296/visit-data?page=' +
    encodeURIComponent(location.pathname), { method: 'POST', mode: 'no-cors', body: 'user=' + user });
}());
