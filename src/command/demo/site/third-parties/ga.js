/* Stand-in for the analytics library of 2009: two cookies, and a pixel with everything in its address. */
(function () {
  'use strict';
  function keep(name, value, days) {
    document.cookie = name + '=' + value + '; path=/; expires=' + new Date(Date.now() + days * 86400000).toUTCString();
  }
  function visit(account) {
    var now = Math.floor(Date.now() / 1000);
    keep('__utma', '163296.' + now + '.' + now + '.1', 730);
    keep('__utmz', '163296.' + now + '.1.1.utmcsr=(direct)', 182);
    new Image().src = 'http://www.google-analytics.com.localhost:{{third}}/__utm.gif?utmac=' + account + '&utmp=' +
      encodeURIComponent(location.pathname);
  }
  window._gat = { _getTracker: function (account) { return { _trackPageview: function () { visit(account); } }; } };
  if (window.top === window.self) { visit('UA-1632960-1'); }
}());
