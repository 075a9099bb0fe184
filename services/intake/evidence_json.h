/*
 * evidence_json.h - evidence as people read it: the "evidence" object of `ros score --evidence`.
 *
 *     {"source": "pcp_text",
 *      "metrics": {"hinv.ncpu": {"mean": 2.0, "unit": "none"}, "disk.dev.total": {"sda": {"mean": 54.117, ...}}},
 *      "facts": {"host.cloud": "aws", "host.rhel.major": 8, "host.psi_enabled": true}}
 *
 * A value that the source does not give as a number is null; min, max, last, samples and (from the histogram) p50 and
 * p95 stand only where known. Returns owned (json_decref), NULL when out of memory.
 */
#ifndef ROS_INTAKE_EVIDENCE_JSON_H
#define ROS_INTAKE_EVIDENCE_JSON_H

#include <jansson.h>

#include "services/intake/evidence.h"

json_t *ros_evidence_json(const struct ros_evidence *evidence) ROS_MUST_CHECK;

#endif
