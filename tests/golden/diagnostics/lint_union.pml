<schema name="s">
  <union>
    <module name="short">Short.</module>
    <module name="long">A text of more than seventy characters, which are the tokens of this test's model.</module>
  </union>
  <union>
    <module name="half">A text that is half as long as the other one, so that nothing is said of it: 90 slots.</module>
    <module name="whole">
      A text that is twice as long as the other one, but no longer than that, so that nothing is said of it,
      although it takes 64 slots more.
    </module>
  </union>
  <union><module name="alone">A text of more than seventy characters, which are the tokens of this test's model.</module></union>
</schema>
