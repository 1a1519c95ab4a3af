# SPDX-License-Identifier: Apache-2.0
"""What tests/run does, one module a kind of check. Each stage takes a Run and adds its results to it."""
