# as: adapters/statuspage.py
# rule: permit

class Page:
    def writer(self):
        return self._http.write
