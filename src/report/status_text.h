/* The status for a person. */
#ifndef OBPUB_REPORT_STATUS_TEXT_H
#define OBPUB_REPORT_STATUS_TEXT_H

#include <stdio.h>

#include "report/status_document.h"

/* Prints it, with colours if they are wanted. Whatever could steer a terminal is shown as '?'. */
void status_text_print(const struct status_document *document, bool has_colours, FILE *file);

#endif
