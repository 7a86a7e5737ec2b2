/* SPDX-License-Identifier: BSD-3-Clause */
/* What tandemctl prints of the TURN server, for people. */
#ifndef TANDEM_CTL_VIEW_TURN_H
#define TANDEM_CTL_VIEW_TURN_H

#include <stdio.h>

#include "controlplane/api/turn.pb-c.h"

void view_turn(FILE *out, const Tandem__Turn__V1__ListReply *reply);
void view_turn_credentials(FILE *out, const Tandem__Turn__V1__CreateCredentialsReply *reply);
void view_turn_secrets(FILE *out, const Tandem__Turn__V1__ListSecretsReply *reply);

#endif
