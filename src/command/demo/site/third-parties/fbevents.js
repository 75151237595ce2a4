/* Stand-in for an advertising pixel: a browser id for 90 days, and every page told to the network. */
(function () {
  'use strict';
  if (document.cookie.indexOf('_fbp=') < 0) {
    document.cookie = '_fbp=fb.0.' + Date.now() + '.' + Math.floor(Math.random() * 2147483647) + '; path=/; max-age=7776000';
  }
  function send(call) {
    if (call[0] !== 'track') { return; }
    new Image().src = 'http://www.facebook.com.localhost:{{third}}/tr?id=1632960000001&ev=' + call[1] + '&dl=' +
      encodeURIComponent(location.href);
  }
  var waiting = (window.fbq && window.fbq.queue) || [];
  for (var i = 0; i < waiting.length; i++) { send(waiting[i]); }
  window.fbq = function () { send(arguments); };
}());
