"""What the sandbox refuses: one row for each condition, with Microsoft's answer. One test per row.

`operation` is the name in the route table, `*` for all of that service. `code` is the code in the service's error
format; for Entra it is `error/number of AADSTS`. `source` says where the rule is from: Microsoft's
documentation (docs), an answer seen in the field (seen), or *ours*: Microsoft's own answer is not written anywhere,
and the sandbox chose the strict reading, so nothing should be built on the exact code of such a row.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row. `message` may hold `{names}` that the refusing code fills in."""

    name: str
    operation: str
    condition: str
    status: int
    code: str
    message: str
    source: str


ENTRA_CODES = "Entra authentication and authorization error codes, docs"
BOT_ERRORS = "Bot Connector: error codes for conversations with bots in Teams, docs"
BOT_RATES = "Optimize your bot with rate limiting in Teams, docs"
GRAPH_ERRORS = "Graph error responses and resource types, docs"
CHAT_CREATE = "Graph: create chat, docs"
GRAPH_RATES = "Graph service-specific throttling limits (Teams), docs"
SIZES = "Format your bot messages: message size, docs"
SWAGGER = "bot-connector.swagger.json"
SEEN = "seen in public issue trackers"
OURS = "ours"

_DENIED = "Authorization has been denied for this request."
_MISSING_ROLE = "Missing role permissions on the request. API requires one of '{needs}'. Roles on the request '{has}'."

ENTRA = (
    Refusal("entra.tenant_unknown", "*", "no such tenant", 400, "invalid_request/90002",
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.", ENTRA_CODES),
    Refusal("entra.parameter_missing", "*", "a required parameter is missing", 400, "invalid_request/900144",
            "The request body must contain the following parameter: '{parameter}'.", ENTRA_CODES),
    Refusal("entra.client_unknown", "*", "no such app in the tenant", 400, "unauthorized_client/700016",
            "Application with identifier '{client}' was not found in the directory '{tenant}'.", ENTRA_CODES),
    Refusal("entra.grant_type_unsupported", "Entra.Token", "another grant than the two played", 400,
            "unsupported_grant_type/70003", "The app requested an unsupported grant type '{grant}'.", ENTRA_CODES),
    Refusal("entra.secret_missing", "Entra.Token", "no client secret", 401, "invalid_client/7000218",
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", ENTRA_CODES),
    Refusal("entra.secret_wrong", "Entra.Token", "a wrong client secret", 401, "invalid_client/7000215",
            "Invalid client secret provided.", ENTRA_CODES),
    Refusal("entra.scope_not_default", "Entra.Token", "client credentials with a scope other than /.default", 400,
            "invalid_scope/1002012", "The provided value for scope {scope} is not valid. Client credential flows must have a "
            "scope value with /.default suffixed to the resource identifier.", ENTRA_CODES),
    Refusal("entra.resource_unknown", "Entra.Token", "client credentials for a resource that the tenant has not", 400,
            "invalid_resource/500011", "The resource principal named {resource} was not found in the tenant.", ENTRA_CODES),
    Refusal("entra.code_unknown", "Entra.Token", "an authorization code that was never given", 400, "invalid_grant/70000",
            "The provided value for the 'code' parameter is not valid.", ENTRA_CODES),
    Refusal("entra.code_used", "Entra.Token", "an authorization code used a second time", 400, "invalid_grant/54005",
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code.", ENTRA_CODES),
    Refusal("entra.code_expired", "Entra.Token", "an authorization code older than 10 minutes", 400, "invalid_grant/70008",
            "The provided authorization code or refresh token has expired due to inactivity.", ENTRA_CODES),
    Refusal("entra.verifier_wrong", "Entra.Token", "a code_verifier that is missing or does not match", 400,
            "invalid_grant/501481", "The Code_Verifier does not match the code_challenge supplied in the authorization "
            "request.", ENTRA_CODES),
    Refusal("entra.reply_address_other", "Entra.Token", "another redirect_uri than at sign-in", 400, "invalid_client/500112",
            "The reply address '{address}' does not match the reply address provided when requesting Authorization code.",
            ENTRA_CODES),
    Refusal("entra.redirect_unknown", "Entra.Authorize", "a redirect_uri that is not registered", 400,
            "invalid_request/50011", "The redirect URI '{address}' specified in the request does not match the redirect URIs "
            "configured for the application '{client}'.", ENTRA_CODES),
    Refusal("entra.response_type_unsupported", "Entra.Authorize", "a response_type other than code", 400,
            "unsupported_response_type/70005", "The app returned an unsupported response type '{type}'.", ENTRA_CODES),
    Refusal("entra.challenge_bad", "Entra.Authorize", "a code_challenge that is not one of S256", 400,
            "invalid_request/501491", "Invalid size of Code_Challenge parameter.", ENTRA_CODES),
    Refusal("entra.scope_unknown", "Entra.Authorize", "sign-in without the scope openid, or with one not played", 400,
            "invalid_scope/70011", "The provided value for the input parameter 'scope' is not valid.", ENTRA_CODES),
    Refusal("entra.user_unknown", "Entra.AuthorizeAs", "somebody who is not in the tenant", 400, "invalid_grant/50034",
            "The user account {user} does not exist in the directory.", ENTRA_CODES),
    Refusal("entra.login_required", "Entra.Authorize", "prompt=none, and nobody is signed in", 302, "login_required/50058",
            "A silent sign-in request was sent but no user is signed in.", ENTRA_CODES),
    Refusal("entra.consent_refused", "Entra.ConsentAnswer", "the admin refused", 302, "access_denied/65004",
            "User declined to consent to access the app.", ENTRA_CODES),
    Refusal("entra.path_unknown", "*", "an address that is not played", 404, "invalid_request/90014",
            "The sandbox does not play {path}.", OURS),
    Refusal("entra.method_unknown", "*", "a method that the address has not", 405, "invalid_request/900561",
            "The endpoint only accepts {allowed} requests. Received a {method} request.", ENTRA_CODES),
)  # fmt: skip

CONNECTOR = (
    Refusal("connector.token_missing", "*", "no bearer token", 401, "", _DENIED, SEEN),
    Refusal("connector.token_bad", "*", "a token that Entra did not sign", 401, "", _DENIED, SEEN),
    Refusal("connector.token_expired", "*", "a token after its time", 401, "", _DENIED, SEEN),
    Refusal("connector.token_audience", "*", "a token for another resource", 401, "", _DENIED, SEEN),
    Refusal("connector.body_not_json", "*", "a body that is not a JSON object", 400, "BadSyntax",
            "Could not parse the request body.", BOT_ERRORS),
    Refusal("connector.field_type", "*", "a field of another type than the swagger's", 400, "BadSyntax",
            "{field} must be {type}.", SWAGGER),
    Refusal("connector.field_unknown", "*", "a field that the swagger does not know", 400, "BadSyntax",
            "{field} is not a known field.", SWAGGER),
    Refusal("connector.activity_type_missing", "*", "an activity without a type", 400, "BadSyntax",
            "Activity type is missing.", BOT_ERRORS),
    Refusal("connector.activity_type_unsupported", "*", "an activity that Teams does not take from bots", 400,
            "BadArgument", "Activity type {type} is not supported.", OURS),
    Refusal("connector.activity_empty", "*", "a message without text or attachment", 400, "BadSyntax",
            "A message needs text or an attachment.", OURS),
    Refusal("connector.attachment_unknown", "*", "an attachment of a type that Teams does not show", 400, "BadArgument",
            "Unknown attachment type {type}.", SEEN),
    Refusal("connector.card_invalid", "*", "an Adaptive Card that breaks the schema", 400, "BadArgument",
            "The Adaptive Card is not valid: {why}", OURS),
    Refusal("connector.card_version", "*", "an Adaptive Card newer than 1.5", 400, "BadArgument",
            "Adaptive Card version {version} is not supported.", "Adaptive Cards in Teams: up to 1.5 for bots, docs"),
    Refusal("connector.too_large", "*", "an activity of more than 100 KB as UTF-16", 413, "MessageSizeTooBig",
            "Message size too large.", SIZES),
    Refusal("connector.conversation_not_found", "*", "no such conversation", 404, "ConversationNotFound",
            "Conversation not found.", BOT_ERRORS),
    Refusal("connector.not_in_roster", "*", "the bot is not in the conversation (any more)", 403,
            "BotNotInConversationRoster", "The bot is not part of the conversation roster.", BOT_ERRORS),
    Refusal("connector.activity_not_found", "Conversations_UpdateActivity", "no such message to update, reply to or delete",
            404, "ActivityNotFoundInConversation", "The activity id provided could not be found in the conversation.",
            BOT_ERRORS),
    Refusal("connector.activity_not_yours", "Conversations_UpdateActivity", "somebody else's message", 403,
            "NotEnoughPermissions", "The bot may only change its own messages.", BOT_ERRORS),
    Refusal("connector.update_splits", "Conversations_UpdateActivity", "an update to text and a card together", 400,
            "BadSyntax", "Activity resulted into multiple skype activities", SEEN),
    Refusal("connector.create_group", "Conversations_CreateConversation", "a group conversation", 400, "BadSyntax",
            "Incorrect conversation creation parameters: bots cannot create group chats.", BOT_ERRORS),
    Refusal("connector.create_members", "Conversations_CreateConversation", "not exactly one known member", 400, "BadSyntax",
            "Incorrect conversation creation parameters: exactly one member of the tenant is needed.", BOT_ERRORS),
    Refusal("connector.create_tenant", "Conversations_CreateConversation", "no tenant, or another one", 400, "BadSyntax",
            "Incorrect conversation creation parameters: the tenant is missing or not this one.", BOT_ERRORS),
    Refusal("connector.create_not_installed", "Conversations_CreateConversation", "the app is not installed for that person",
            403, "ForbiddenOperationException", "Bot is not installed in user's personal scope", SEEN),
    Refusal("connector.member_not_found", "Conversations_GetConversationMember", "no such member", 404,
            "MemberNotFoundInConversation", "The member is not in the conversation.", BOT_ERRORS),
    Refusal("connector.page_size", "Conversations_GetConversationPagedMembers", "a page size that is not a number", 400,
            "BadArgument", "pageSize must be a number.", SWAGGER),
    Refusal("connector.conversation_rate", "*", "more calls on one conversation than Teams allows", 429, "Throttled",
            "API calls quota exceeded! maximum admitted {count} per {seconds} seconds.", BOT_RATES),
    Refusal("connector.tenant_rate", "*", "more than 50 calls a second in one tenant", 429, "Throttled",
            "API calls quota exceeded! maximum admitted {count} per {seconds} seconds.", BOT_RATES),
    Refusal("connector.path_unknown", "*", "an address that is not played", 404, "NotFound",
            "No HTTP resource was found that matches the request URI.", OURS),
    Refusal("connector.method_unknown", "*", "a method that the address has not", 405, "MethodNotAllowed",
            "The requested resource does not support http method '{method}'.", OURS),
)  # fmt: skip

GRAPH = (
    Refusal("graph.token_missing", "*", "no bearer token", 401, "InvalidAuthenticationToken",
            "Access token is empty.", GRAPH_ERRORS),
    Refusal("graph.token_bad", "*", "a token that Entra did not sign", 401, "InvalidAuthenticationToken",
            "Invalid JWT access token.", GRAPH_ERRORS),
    Refusal("graph.token_expired", "*", "a token after its time", 401, "InvalidAuthenticationToken",
            "Lifetime validation failed, the token is expired.", GRAPH_ERRORS),
    Refusal("graph.token_audience", "*", "a token for another resource", 401, "InvalidAuthenticationToken",
            "Access token validation failure. Invalid audience.", GRAPH_ERRORS),
    Refusal("graph.role_missing", "Chats.*", "none of the permissions of a Teams endpoint", 403, "Forbidden",
            _MISSING_ROLE, GRAPH_ERRORS),
    Refusal("graph.role_missing_people", "Users.*", "none of the permissions of a directory endpoint", 403,
            "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", GRAPH_ERRORS),
    Refusal("graph.body_not_json", "*", "a body that is not a JSON object", 400, "BadRequest",
            "Unable to read JSON request payload.", GRAPH_ERRORS),
    Refusal("graph.property_unknown", "*", "a property that the type has not, or not in v1.0", 400, "BadRequest",
            "The property '{property}' does not exist on type '{type}'.", GRAPH_ERRORS),
    Refusal("graph.property_type", "*", "a property of another type", 400, "BadRequest",
            "Cannot convert the value of '{property}' to type '{type}'.", GRAPH_ERRORS),
    Refusal("graph.chat_type", "Chats.Create", "a chatType other than group and oneOnOne", 400, "BadRequest",
            "Invalid value of 'chatType'.", CHAT_CREATE),
    Refusal("graph.members_missing", "Chats.Create", "no members", 400, "BadRequest",
            "Invalid number of chat members.", CHAT_CREATE),
    Refusal("graph.member_type", "Chats.Create", "a member that is not an aadUserConversationMember", 400, "BadRequest",
            "Invalid '@odata.type' of a member.", CHAT_CREATE),
    Refusal("graph.member_binding", "Chats.Create", "a member without a usable user@odata.bind", 400, "BadRequest",
            "Bind requests expected to contain 'user@odata.bind' with a user.", CHAT_CREATE),
    Refusal("graph.member_roles", "Chats.Create", "roles other than owner for members and guest for guests", 400, "BadRequest",
            "Invalid roles specified for member.", CHAT_CREATE),
    Refusal("graph.member_duplicate", "Chats.Create", "somebody twice", 400, "BadRequest",
            "Duplicate chat members are specified in the request body.", CHAT_CREATE),
    Refusal("graph.member_unknown", "Chats.Create", "somebody who is not in the tenant; an app is nobody", 404, "NotFound",
            "Failed to find the user '{user}'.", CHAT_CREATE),
    Refusal("graph.one_on_one_count", "Chats.Create", "a oneOnOne chat of not exactly two", 400, "BadRequest",
            "A oneOnOne chat needs exactly two members.", CHAT_CREATE),
    Refusal("graph.one_on_one_topic", "Chats.Create", "a oneOnOne chat with a topic", 400, "BadRequest",
            "Topic is only supported for group chats.", CHAT_CREATE),
    Refusal("graph.single_human", "Chats.Create", "a group chat of one person, unless the sandbox was told to take it", 400,
            "BadRequest", "Invalid number of chat members: a group chat needs a roster size of at least two people.",
            "Graph: chat resource type, docs"),
    Refusal("graph.member_without_teams", "Chats.Create", "somebody without a Teams licence", 400, "BadRequest",
            "The user '{user}' is not licensed for Teams.", OURS),
    Refusal("graph.topic_too_long", "Chats.Create", "a topic of more than 250 characters", 400, "BadRequest",
            "Chat topic is longer than 250 characters.", "Graph: chat resource type, docs"),
    Refusal("graph.topic_colon", "Chats.Create", "a topic with a colon", 400, "BadRequest",
            "Chat topic contains the invalid character ':'.", "Graph: chat resource type, docs"),
    Refusal("graph.chat_not_found", "Chats.Get", "no such chat", 404, "NotFound", "Chat {chat} was not found.", GRAPH_ERRORS),
    Refusal("graph.member_there", "Chats.AddMember", "somebody who is in the chat", 400, "BadRequest",
            "The user is already a member of the chat.", OURS),
    Refusal("graph.member_not_found", "Chats.DeleteMember", "no such membership", 404, "NotFound",
            "The membership was not found.", GRAPH_ERRORS),
    Refusal("graph.app_binding", "Chats.InstallApp", "no usable teamsApp@odata.bind", 400, "BadRequest",
            "Bind requests expected to contain 'teamsApp@odata.bind' with an app of the catalogue.", GRAPH_ERRORS),
    Refusal("graph.app_unknown", "Chats.InstallApp", "an app that is not in the tenant's catalogue", 404, "NotFound",
            "The app '{app}' was not found in the app catalog.", GRAPH_ERRORS),
    Refusal("graph.app_there", "Chats.InstallApp", "the app is installed there already", 409, "Conflict",
            "The app is already installed.", "Graph: add app to chat, docs"),
    Refusal("graph.consent_missing", "Chats.InstallApp", "no consentedPermissionSet, though the app asks for permissions", 400,
            "BadRequest", "The app requires resource-specific consent.", "Graph: add app to chat, docs"),
    Refusal("graph.consent_differs", "Chats.InstallApp", "a consentedPermissionSet other than the manifest's", 400,
            "BadRequest", "The permissions consented to do not match the permissions that the app requires.",
            "Graph: add app to chat, docs"),
    Refusal("graph.app_blocked", "Users.InstallApp", "an app policy blocks the app for that person", 403, "Forbidden",
            "The app is blocked by an app permission policy.", "Graph: install app for user, docs"),
    Refusal("graph.install_not_found", "Users.UninstallApp", "no such installation", 404, "NotFound",
            "The app installation was not found.", GRAPH_ERRORS),
    Refusal("graph.user_not_found", "Users.Get", "nobody of this id or UPN", 404, "Request_ResourceNotFound",
            "Resource '{user}' does not exist or one of its queried reference-property objects are not present.", GRAPH_ERRORS),
    Refusal("graph.query_unknown", "*", "a query option that the endpoint has not", 400, "BadRequest",
            "Query option '{option}' is not allowed.", GRAPH_ERRORS),
    Refusal("graph.filter_unsupported", "*", "a filter that the endpoint has not", 400, "BadRequest",
            "Invalid filter clause: {clause}", GRAPH_ERRORS),
    Refusal("graph.select_unknown", "*", "$select or $expand of what the type has not", 400, "BadRequest",
            "Could not find a property named '{property}' on type '{type}'.", GRAPH_ERRORS),
    Refusal("graph.page_size", "Chats.ListMessages", "$top of more than 50 messages", 400, "BadRequest",
            "The limit of '{limit}' for Top query has been exceeded. The value from the incoming request is '{asked}'.",
            "Graph: list messages in a chat, docs"),
    Refusal("graph.order_unsupported", "Chats.ListMessages", "messages in another order than newest first", 400, "BadRequest",
            "QueryOptions to order by '{order}' is not supported.", "Graph: list messages in a chat, docs"),
    Refusal("graph.presence_ids", "Presence.GetMany", "no ids, or more than 650", 400, "BadRequest",
            "The collection 'ids' needs 1 to 650 ids.", "Graph: getPresencesByUserId, docs"),
    Refusal("graph.chat_rate", "Chats.*", "a second call on one chat within a second", 429, "TooManyRequests",
            "Please retry again later.", GRAPH_RATES),
    Refusal("graph.members_rate", "Chats.AddMember", "a fifth change of one chat's members within a minute", 429,
            "TooManyRequests", "Please retry again later.", GRAPH_RATES),
    Refusal("graph.app_rate", "*", "more than 30 calls a second", 429, "TooManyRequests",
            "Please retry again later.", GRAPH_RATES),
    Refusal("graph.path_unknown", "*", "an address that is not played", 404, "BadRequest",
            "Resource not found for the segment '{path}'.", GRAPH_ERRORS),
    Refusal("graph.method_unknown", "*", "a method that the address has not", 405, "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.", GRAPH_ERRORS),
)  # fmt: skip

# What Teams does not let a person do, and faults in calls of the control interface: for the sandbox's pages and tests.
TEAMS = (
    Refusal("teams.person_unknown", "*", "nobody of this id or UPN", 404, "PersonUnknown", "Nobody here is called {user}.", OURS),
    Refusal("teams.chat_unknown", "*", "no such chat, or the person is not in it", 404, "ChatUnknown", "There is no such chat.", OURS),
    Refusal("teams.message_unknown", "*", "no such message", 404, "MessageUnknown", "There is no such message.", OURS),
    Refusal("teams.not_yours", "*", "changing somebody else's message", 403, "NotYours", "Only its author can change a message.", OURS),
    Refusal("teams.cannot_write", "*", "writing to the bot after the app was removed", 403, "CannotWrite",
            "The app was removed from this chat.", OURS),
    Refusal("teams.body_bad", "*", "a body of another shape", 400, "BadBody", "{why}", OURS),
    Refusal("teams.action_not_in_card", "Teams.Act", "an action that the person's card has not", 400, "ActionNotInCard",
            "The card has no such action.", OURS),
    Refusal("teams.origin_foreign", "*", "a web page of another origin", 403, "ForeignOrigin",
            "Only the sandbox's own pages may call this.", OURS),
    Refusal("teams.path_unknown", "*", "an address that is not played", 404, "NotFound", "There is nothing at {path}.", OURS),
    Refusal("teams.method_unknown", "*", "a method that the address has not", 405, "MethodNotAllowed",
            "{method} is not possible here.", OURS),
)  # fmt: skip

TABLE: dict[str, Refusal] = {row.name: row for row in (*ENTRA, *CONNECTOR, *GRAPH, *TEAMS)}
