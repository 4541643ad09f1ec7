/** The Fluent components this app uses; every one imported is code a phone has to fetch. */
import "@fluentui/web-components/anchor-button.js";
import "@fluentui/web-components/button.js";
import "@fluentui/web-components/dialog-body.js";
import "@fluentui/web-components/dialog.js";
import "@fluentui/web-components/spinner.js";
import "@fluentui/web-components/switch.js";
import "@fluentui/web-components/textarea.js";
