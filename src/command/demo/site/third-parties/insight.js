/* Stand-in for a tag that only the tag manager knows of. */
(function () {
  'use strict';
  document.cookie = 'li_fat_id=' + Math.random().toString(36).slice(2) + '; path=/; max-age=2592000';
  new Image().src = 'http://px.ads.linkedin.com.localhost:{{third}}/collect?pid=163296&url=' + encodeURIComponent(location.href);
}());
