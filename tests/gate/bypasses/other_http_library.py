# as: adapters/workos.py
# rule: import

from urllib.request import urlopen
