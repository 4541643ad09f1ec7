/** The Fluent components that this app uses; each one adds to the code that a phone fetches. */
import "@fluentui/web-components/anchor-button.js";
import "@fluentui/web-components/button.js";
import "@fluentui/web-components/dialog-body.js";
import "@fluentui/web-components/dialog.js";
import "@fluentui/web-components/spinner.js";
import "@fluentui/web-components/switch.js";
import "@fluentui/web-components/textarea.js";
