<?xml verson="1.0" encoding="UTF-8"?>
<schema name="trip">
  <module name="a">Plan.</modul>
</schema>
