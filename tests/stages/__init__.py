# SPDX-License-Identifier: Apache-2.0
"""The stages of tests/run, one module per kind of check. Each stage takes a Run and adds its results to it."""
