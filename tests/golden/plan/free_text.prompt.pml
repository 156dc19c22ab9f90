<prompt>
  <b/>
  between
  <c/>
  behind
  <a/>
  at the end
</prompt>
