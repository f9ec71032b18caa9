/* The HSDirs of a descriptor in the status for a person. */
#ifndef OBPUB_REPORT_STATUS_HSDIRS_H
#define OBPUB_REPORT_STATUS_HSDIRS_H

#include "report/status_document.h"
#include "report/status_printer.h"

/* Says whose introduction points they have, where that differs from HSDir to HSDir, and which do not have
 * what they are to have: nothing where all is well and they have the same. */
void status_hsdirs_print(const struct printer *printer, const struct status_service *service,
                         const struct status_descriptor *descriptor);

#endif
