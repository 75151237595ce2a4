/* Ambleford site script: a menu button on phones, striped tables, bin days without a new page. Stores nothing. */
(function () {
  'use strict';
  document.documentElement.className += ' scripted';

  function menuButton() {
    var menu = document.getElementById('menu');
    var button = document.createElement('button');
    button.type = 'button';
    button.id = 'menu-button';
    function show(open) {
      menu.className = open ? '' : 'closed';
      button.setAttribute('aria-expanded', String(open));
      button.innerHTML = open ? '&#9650; Hide menu' : '&#9660; Menu';
    }
    button.onclick = function () { show(menu.className === 'closed'); };
    menu.parentNode.insertBefore(button, menu);
    show(false);
  }

  function stripes() {
    var rows = document.querySelectorAll('.data tr');
    for (var i = 0; i < rows.length; i += 2) { rows[i].className += ' alt'; }
  }

  /* Bin days are fetched as a table cell, the way the 2013 widget did it; without script the cell holds a link. */
  function nextCollection(cell) {
    var request = new XMLHttpRequest();
    request.open('GET', '/bins/next.aspx?postcode=' + encodeURIComponent(cell.getAttribute('data-postcode')));
    request.setRequestHeader('X-Requested-With', 'XMLHttpRequest');
    request.onload = function () {
      if (request.status === 200) { cell.outerHTML = request.responseText; }
    };
    request.send();
  }

  if (document.getElementById('menu')) { menuButton(); }
  stripes();
  var cells = document.querySelectorAll('td[data-postcode]');
  for (var i = 0; i < cells.length; i++) { nextCollection(cells[i]); }
}());
