<schma name="tags">
  <modul name="b">One mistake, though its end tag is right.</module>
  <module name="a required="true">One mistake.</module>
</schema>
