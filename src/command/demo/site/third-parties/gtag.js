/* Stand-in for an analytics library: keeps a client id for two years and reports every page. */
(function () {
  'use strict';
  function read(name) {
    var found = ('; ' + document.cookie).split('; ' + name + '=')[1];
    return found && found.split(';')[0];
  }
  function keep(name, value, days) {
    document.cookie = name + '=' + value + '; path=/; max-age=' + days * 86400;
    return value;
  }
  var now = Math.floor(Date.now() / 1000);
  var fresh = 'GA1.1.' + Math.floor(Math.random() * 2147483647) + '.' + now;
  var client = keep('_ga', read('_ga') || fresh, 730);
  keep('_gid', read('_gid') || fresh, 1);
  keep('_ga_0AMBLE2016', 'GS1.1.' + now + '.1.1.' + now, 730);
  try { localStorage.setItem('_ga_stub', client); } catch (e) { }
  navigator.sendBeacon('http://www.google-analytics.com.localhost:{{third}}/g/collect?v=2&tid=G-0AMBLE2016&en=page_view&cid=' +
    encodeURIComponent(client) + '&dl=' + encodeURIComponent(location.href));
}());
