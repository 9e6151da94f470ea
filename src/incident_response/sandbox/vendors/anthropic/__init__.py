"""Anthropic's stand-in: the Messages API directly and as Bedrock serves it, with scripted answers.

What belongs here: requests, answers, streams and errors on both wires. What does not: any language
model; what is said was written beforehand.
"""
