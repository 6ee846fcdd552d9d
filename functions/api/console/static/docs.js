// The API's document, read at /docs.
"use strict";

SwaggerUIBundle({ url: "/openapi.json", dom_id: "#document", deepLinking: true, validatorUrl: null });
