/* Stand-in for a tag manager: brings in a script that is nowhere in the page. */
(function () {
  'use strict';
  window.dataLayer.push({ event: 'gtm.load' });
  var tag = document.createElement('script');
  tag.async = true;
  tag.src = 'http://snap.licdn.com.localhost:{{third}}/li.lms-analytics/insight.min.js';
  document.body.appendChild(tag);
}());
