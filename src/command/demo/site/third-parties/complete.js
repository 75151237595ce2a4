/* Stand-in for a postcode finder: useful, unknown to every list, and with a habit of storing things. */
(function () {
  'use strict';
  var list = document.getElementById('postcodes');
  ['AM1 1AA', 'AM1 2QT', 'AM2 3DE', 'AM2 4JJ', 'AM3 5RW', 'AM4 6LB'].forEach(function (postcode) {
    list.appendChild(document.createElement('option')).value = postcode;
  });
  try { localStorage.setItem('pcf_visitor', Math.random().toString(36).slice(2)); } catch (e) { }
}());
