<shema name="near">
  <modul name="a">Both are said.</modul>
</shema>
