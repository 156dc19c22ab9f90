<prompt>
  <b/>
  between
  <c/>
  <a/>
  at the end
</prompt>
