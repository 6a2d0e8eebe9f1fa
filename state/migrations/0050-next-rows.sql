-- With SET insert_id a session says which number its next row gets, whatever it may write: after the last that there is, no
-- row could be inserted any more, by nobody. A trigger has no rights but to refuse.

DELIMITER //

CREATE OR REPLACE TRIGGER audit_numbered BEFORE INSERT ON audit FOR EACH ROW
BEGIN
  IF @@SESSION.insert_id <> 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the server numbers its rows';
  END IF;
END //

CREATE OR REPLACE TRIGGER operation_numbered BEFORE INSERT ON operation FOR EACH ROW
BEGIN
  IF @@SESSION.insert_id <> 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the server numbers its rows';
  END IF;
END //

DELIMITER ;
