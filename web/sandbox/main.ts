import "./card";
import { TeamsPage } from "./page";

customElements.define("teams-page", TeamsPage);
