/*
 * admission: what keeps a run from beginning or going on, as a list of gates, each with one reason.
 * The first closed gate of the list is the reason that people see. A new gate is one row in the
 * table, or in a list that the host of a job adds. Pure.
 */
#ifndef PGPURGED_POLICY_ADMISSION_H
#define PGPURGED_POLICY_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "model/codes.h"

struct gate_facts {
    bool enabled, draining, paused;
    bool asked;        /* a run was asked for by a person: now, whatever window and `every` say */
    bool breaker_open; /* too many failures in a row */
    bool clock_fine;   /* the database's clock and ours agree */
    bool window_open;
    double due_in_s;   /* until the next run is due; 0 = now */
    bool others_first; /* jobs whose rows refer to this one's are under way */
};

enum gate_moment {
    GATE_BEGIN = 1, /* before a run is opened, or opened again */
    GATE_GO_ON = 2, /* before each batch, and before each piece of work of a run */
};

struct gate {
    enum reason reason;
    unsigned moments; /* at which it is looked at: GATE_BEGIN, GATE_GO_ON, or both */
    bool (*closed)(const struct gate_facts *facts, void *arg);
    void *arg; /* of a gate that somebody adds */
};

struct gate_list {
    const struct gate *gates;
    size_t count;
};

/* The product's own, in the order in which they are looked at. */
extern const struct gate_list admission_gates;

/* The reason of the first gate that is closed at this moment; REASON_NONE = all are open. */
enum reason admission_judge(const struct gate_list *list, enum gate_moment moment,
                            const struct gate_facts *facts);

#endif
