"""What lures say: phrases by what they want of the reader, in several languages.

The core looks for them in subject and shown text of each message (option `spot`) and reports which occur
(`messages.spotted`); the text itself is not kept. A phrase must stand alone: `login` is not found in `logins`.
"""

from __future__ import annotations

_LISTS = {
    "confirm": """
        verify your account | verify your identity | verify your email | verify your information | verify now |
        verify your details | confirm your account | confirm your identity | confirm your information |
        confirm your email | confirm your details | validate your account | validate your email |
        validate your mailbox | update your account | update your information | update your details |
        update your billing | update your payment | update payment | account verification | re-confirm your |
        reactivate your account | restore your account | unlock your account | review your account |
        sync your wallet | verify your wallet | validate your wallet | connect your wallet | verifique sua conta |
        confirme seus dados | atualize seus dados | atualizar seus dados | regularizar | regularize |
        vérifier votre compte | confirmer votre | mettre à jour vos | confirmez votre | mise à jour de votre |
        bestätigen sie | aktualisieren sie | verifizieren | kontodaten | identität bestätigen |
        verifica tu cuenta | verificar su cuenta | confirme su | actualice sus datos | actualizar sus datos |
        verifica il tuo account | conferma i tuoi dati | aggiorna i tuoi dati | 验证您的 | 验证你的 | 确认您的 |
        确认你的 | 核实您的 | 重新登录 | 重新验证 | 更新您的帐户 | 更新您的账户 | 升级您的邮箱 | 邮箱升级 |
        账号验证 | 帐号验证 | 身份验证 | 实名认证 | bevestig uw | uw gegevens | verifieer uw | アカウントの確認 |
        本人確認 | ご確認ください | 更新してください | подтвердите | обновите данные |
        驗證您的 | 驗證你的 | 確認您的 | 確認你的 | 核實您的 | 重新登入 | 重新驗證 | 更新您的帳戶 |
        升級您的信箱 | 信箱升級 | 帳號驗證 | 帳戶驗證 |
        身分驗證 | 身份驗證 | 實名認證
    """,
    "threat": """
        has been suspended | will be suspended | been limited | account suspended | account limited |
        account locked | has been locked | will be deactivated | will be closed | will be terminated |
        will be deleted | been deactivated | been blocked | will be blocked | been restricted | is on hold |
        on hold | unusual sign-in | unusual activity | suspicious activity | suspicious sign-in |
        unauthorized access | unauthorised access | sign-in attempt | someone tried to | account will be |
        access will be | failure to comply | avoid suspension | avoid interruption | service interruption |
        lose access | loss of your account | permanently deleted | has expired | will expire | about to expire |
        expires today | final notice | final warning | last warning | final reminder | last notice |
        sera suspenso | será suspensa | será bloqueada | será cancelada | foi bloqueada | foi suspensa |
        conta bloqueada | expira hoje | sera suspendu | a été suspendu | a été limité | sera bloqué | va expirer |
        gesperrt | eingeschränkt | läuft ab | abgelaufen | letzte mahnung | ha sido suspendida |
        ha sido bloqueada | será suspendida | suspendida | è stato sospeso | è stato bloccato | verrà sospeso |
        将被停用 | 将被关闭 | 将被冻结 | 已被冻结 | 已被停用 | 将被删除 | 异常登录 | 账户异常 | 帐户异常 |
        账号异常 | 停止使用 | 无法正常使用 | is geblokkeerd | wordt geblokkeerd | opgeschort |
        laatste waarschuwing | verloopt | ご利用を制限 | アカウントの停止 | 一時的に停止 | 不正なアクセス |
        заблокирован |
        將被停用 | 將被關閉 | 將被凍結 | 將遭停用 | 已被凍結 | 已被停用 | 將被刪除 |
        異常登入 | 帳戶異常 | 帳號異常 | 無法正常使用
    """,
    "password": """
        password expires | password expiry | password will expire | password has expired | password expiration |
        keep same password | keep current password | keep my password | reset your password |
        change your password | your password | username and password | user name and password |
        enter your password | login details | login credentials | security code | pin code | seed phrase |
        recovery phrase | sua senha | votre mot de passe | ihr passwort | ihr kennwort | su contraseña |
        tu contraseña | la tua password | 您的密码 | 你的密码 | 密码过期 | 密码到期 | 修改密码 | 用户名和密码 |
        账号和密码 | 帐号和密码 | 账号密码 | uw wachtwoord | パスワード | ваш пароль |
        您的密碼 | 你的密碼 | 密碼過期 | 密碼到期 | 修改密碼 | 變更密碼 | 帳號和密碼 | 帳號密碼
    """,
    "mailbox": """
        mailbox is full | mailbox is almost full | mailbox has exceeded | exceeded its storage |
        exceeded your quota | mailbox quota | email quota | storage limit | storage is full | storage full |
        out of storage | undelivered mails | undelivered messages | pending messages | pending emails |
        messages pending | held messages | quarantined messages | release messages | email administrator |
        mail administrator | webmail | mailbox upgrade | it help desk | it helpdesk | email deactivation |
        deactivation request | new webmail | voicemail | voice message | 邮箱容量 | 邮箱已满 | 邮箱空间 |
        邮箱系统升级 | 系统升级 | 系统管理员 | 邮件管理员 | 待处理邮件 | mailbox vol | メールボックス |
        信箱容量 | 信箱已滿 | 信箱空間 | 郵箱容量 | 郵箱已滿 | 系統升級 | 系統管理員 | 郵件管理員 | 待處理郵件
    """,
    "click": """
        click here | click below | click the link | click on the link | click the button | click on the button |
        click the link below | click on the link below | follow the link | following link | use the link below |
        log in here | login here | sign in here | log in to your account | login to your account |
        sign in to your account | log in now | login now | sign in now | access your account | get started now |
        claim now | claim your | clique aqui | clique no link | acesse agora | acessar | cliquez ici |
        cliquez sur | accéder à | klicken sie | hier klicken | haga clic | haz clic | clic aquí | clicca qui |
        clicca sul | 点击下面 | 点击以下 | 点击这里 | 点击此处 | 点击链接 | 请点击 | 请登录 | 点此 | 扫描二维码 |
        扫码 | klik hier | klik op | こちらをクリック | クリックして | ログインはこちら | нажмите |
        перейдите по ссылке |
        點擊下面 | 點擊以下 | 點擊這裡 | 點擊此處 | 點擊連結 | 點選以下 | 點選連結 |
        請點擊 | 請點選 | 請登入 | 掃描二維碼 | 掃描 qr code
    """,
    "urgent": """
        immediately | within 24 hours | within 48 hours | in 24 hours | 24 hours | 48 hours | 72 hours |
        as soon as possible | urgent | urgently | action required | immediate action | requires your attention |
        important notice | act now | urgente | imediatamente | immédiatement | dringend | sofort |
        inmediatamente | immediatamente | entro 24 ore | 24 horas | 24 heures | 24 stunden | 48 horas | 立即 |
        马上 | 尽快 | 紧急 | 24小时 | 48小时 | 逾期 | onmiddellijk | binnen 24 uur | 24時間以内 | 至急 | срочно |
        緊急 | 24小時 | 48小時 | 儘快 | 盡快
    """,
    "gain": """
        you have won | you've won | you won | you are a winner | you have been selected | you've been selected |
        congratulations | claim your reward | claim your prize | gift card | exclusive reward | unclaimed |
        refund | tax refund | inheritance | next of kin | compensation | beneficiary | million dollars | usd |
        lottery | donation | bitcoin | btc | airdrop | parabéns | você ganhou | reembolso | restituição |
        félicitations | vous avez gagné | remboursement | glückwunsch | gewonnen | rückerstattung | felicidades |
        ganador | rimborso | 中奖 | 退税 | 补贴 | 领取 | 返还 | gefeliciteerd | u heeft gewonnen |
        je hebt gewonnen | cadeaubon | 当選 | выигр |
        中獎 | 退稅 | 補貼 | 領取
    """,
    "payment": """
        invoice attached | payment declined | payment failed | payment was declined | payment method | unpaid |
        overdue | outstanding payment | subscription has | renew now | renew your | auto-renewal | renewal |
        has been charged | will be charged | your order | transaction id | remittance | wire transfer | boleto |
        nota fiscal | fatura | facture | impayé | rechnung | factura | fattura | pagamento | paiement | 发票 |
        付款 | 账单 | 汇款 | factuur | お支払い |
        發票 | 帳單 | 匯款
    """,
    "parcel": """
        your package | your parcel | delivery failed | delivery attempt | could not be delivered |
        unable to deliver | shipping fee | customs fee | reschedule delivery | tracking number |
        pending delivery | sua encomenda | seu pedido | votre colis | ihr paket | su paquete | il tuo pacco |
        包裹 | 快递 | uw pakket | お荷物 |
        快遞 | 包裹配送
    """,
    "stranger": """
        dear customer | dear user | dear client | dear account holder | dear valued | valued customer |
        dear member | dear friend | dear sir/madam | dear beneficiary | dear email user | dear webmail user |
        hello dear | caro cliente | prezado cliente | prezado(a) | cher client | chère cliente |
        sehr geehrter kunde | sehr geehrte kundin | lieber kunde | estimado cliente | gentile cliente |
        尊敬的用户 | 尊敬的客户 | 亲爱的用户 | 尊敬的邮箱用户 | beste klant | geachte klant | お客様各位 |
        уважаемый клиент |
        尊敬的用戶 | 尊敬的客戶 | 親愛的用戶 | 親愛的客戶 | 親愛的會員
    """,
    "new-system": """
        new system | system upgrade | system migration | migrate your | upgrade your mailbox |
        upgrade your account | new it system | online test | please click on the link | please login |
        please log in | mandatory | all staff | all employees | 新系统 | 系统上线 | 请各位同事 | 全体员工 |
        新系統 | 系統上線 | 請各位同事 | 全體員工
    """,
}

PHRASES: dict[str, tuple[str, ...]] = {
    theme: tuple(" ".join(phrase.split()) for phrase in text.split("|")) for theme, text in _LISTS.items()
}
"""Phrases by theme; each belongs to one theme."""

THEME_OF = {phrase: theme for theme, phrases in PHRASES.items() for phrase in phrases}
"""Theme by phrase."""

SPOT = tuple(THEME_OF)
"""What the core is asked to look for."""
