// Where the page comes alive: every part starts listening, then the stream is opened.

import { listen, toBottom } from "./live.js";
import { listenToControls } from "./kit.js";
import { listenToPickers } from "./picker.js";
import { listenToModals } from "./modal.js";
import { listenToComposers } from "./compose.js";
import { listenToMenus } from "./menus.js";
import { listenToWorkbench } from "./workbench.js";

document.cookie = `zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=strict`;

listenToControls();
listenToPickers();
listenToModals();
listenToComposers();
listenToMenus();
listenToWorkbench();
if (!location.hash) toBottom();
listen();
document.documentElement.dataset.ready = "";
