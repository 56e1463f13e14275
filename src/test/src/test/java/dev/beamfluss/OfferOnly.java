package dev.beamfluss;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.JavaTypeVariable;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Everything that code outside the package can see of a class is made of allowed types: supertypes,
 * fields, constructors and methods, with type arguments and exceptions. Classes that it cannot see,
 * as they or what encloses them are package-private, may offer what they like.
 */
final class OfferOnly extends ArchCondition<JavaClass> {
  private final DescribedPredicate<? super JavaClass> allowed;

  OfferOnly(DescribedPredicate<? super JavaClass> allowed) {
    super("offer only types that " + allowed.getDescription());
    this.allowed = allowed;
  }

  @Override
  public void check(JavaClass offering, ConditionEvents events) {
    if (!isVisible(offering)) {
      return;
    }
    List<JavaType> supertypes = new ArrayList<>(offering.getInterfaces());
    offering.getSuperclass().ifPresent(supertypes::add);
    report(offering, offering.getName() + ".supertype", supertypes, events);
    report(offering, offering.getName() + "<>", bounds(offering.getTypeParameters()), events);
    for (JavaMember member : offering.getAllMembers()) {
      if (isVisible(member.getModifiers())
          && member.getOwner().getName().startsWith("dev.beamfluss.")) {
        report(
            offering,
            offering.getName() + "." + member.getName() + " (of " + member.getFullName() + ")",
            types(member),
            events);
      }
    }
  }

  private static boolean isVisible(JavaClass type) {
    return isVisible(type.getModifiers())
        && type.getEnclosingClass().map(OfferOnly::isVisible).orElse(true);
  }

  private static boolean isVisible(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }

  private static List<JavaType> types(JavaMember member) {
    List<JavaType> types = new ArrayList<>();
    if (member instanceof JavaField field) {
      types.add(field.getType());
    } else if (member instanceof JavaCodeUnit code) {
      types.add(code.getReturnType());
      types.addAll(code.getParameterTypes());
      types.addAll(code.getThrowsClause().getTypes());
      types.addAll(bounds(code.getTypeParameters()));
    }
    return types;
  }

  private static List<JavaType> bounds(List<? extends JavaTypeVariable<?>> parameters) {
    return parameters.stream()
        .flatMap(parameter -> parameter.getUpperBounds().stream())
        .collect(Collectors.toList());
  }

  private void report(
      JavaClass offering, String place, List<? extends JavaType> types, ConditionEvents events) {
    Set<String> refused = new TreeSet<>();
    for (JavaType type : types) {
      for (JavaClass raw : type.getAllInvolvedRawTypes()) {
        if (!allowed.test(raw.getBaseComponentType())) {
          refused.add(raw.getName());
        }
      }
    }
    if (!refused.isEmpty()) {
      events.add(SimpleConditionEvent.violated(offering, place + " shows " + refused));
    }
  }
}
