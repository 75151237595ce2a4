// The entry of the one script that the gate puts into every page.
import './guard.js';
import './state.js';
